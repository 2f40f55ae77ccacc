/* Reads whole chunks of dataset lines and passes over those that are sound for certain.
 *
 * A line that is not certain is handed back, and the exact way, in Python, decides. So everything here
 * may refuse a sound line, which costs time, and nothing may accept an unsound one. The shapes that it
 * knows are the two that nearly all datasets have: text conversations and prompt/completion. Records of other formats are judged
 * rule by rule, sound ones too (formats.h).
 *
 * Bounds. `lines_next` is given whole lines: the last byte is a line feed, and GUARD bytes that may be
 * read follow it. A line feed is a sign that nothing here accepts inside a record, so it ends each
 * loop over a line; what looks further ahead (a block of a text, a literal) reaches less than GUARD bytes
 * beyond. The decoded texts of a line never take more room than the line itself; `texts` is as large as
 * the whole buffer, and has a guard too.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { TEMPLATE = '|' }; /* in an outline, before the sign of one */
enum { MARKED = 2, RAW }; /* how what only compares begins, among texts; raw when Python writes its numbers in another way */
enum { COUNTED_RULES = 54, SIGNS = 32 };
enum { CONVERSE, PAIR, DISTILLATION, CAPTIONS, RAW_TEXT, CHAT, ANTHROPIC, FORMATS_KNOWN }; /* formats, as `FORMATS` in __init__.py has them */
enum { GUARD = 64, BITS = 48, SAMPLE = 256, ENDS = 4, WIDTH = 6, SLOTS = 2048, PARTS_OF_RECORDS = 8, SUBJECTS = 16 };

#include "private.h"

/* What made `lines_next` return. */
enum { DONE, ASK, LOOK, LONG, FULL, OUTLINED };

/* Why a sound line is worth a look: it is long, may hold a secret, its letters' script is asked for, what it has
 * in common with near ones is not certain here, or it may hold characters that nobody sees. */
enum { TOO_LONG = 1, PRIVATE = 2, SCRIPT = 4, NEAR = 8, UNSEEN = 16 };

/* A part of a record whose faults are all listed; see parts.h. */
typedef struct {
    uint64_t digest, size, times, contested;
    const uint8_t *name;
} Element;

/* An outline whose faults are all listed: its lines are only counted. Python says how. */
typedef struct {
    uint64_t size, times, readable, system; /* a bit for each of its optional parts */
    uint64_t prompt, pieces; /* how many of the texts below are the prompt's, and how many there are */
    const uint8_t *outline;
    const uint32_t *text;
} Known;

typedef struct Notes Notes;

typedef struct {
    /* The chunk: whole lines from `at` to `end`. */
    const uint8_t *data;
    uint64_t at, end;
    /* Room for the decoded texts of a line. */
    uint8_t *texts;
    /* Reserved words, each after a byte with its length, a zero at the end; their last bytes. */
    const uint8_t *words;
    uint64_t refusing; /* how many of them, the first, refuse a prompt */
    uint8_t ends[ENDS];
    /* What is looked for. */
    uint32_t pairs, thorough, reports_unseen;
    uint32_t in_joined; /* whether the texts of the line that is handed back are in `joined` */
    uint64_t longest_line, long_text, compared, system_blocks;
    /* The line that is handed back; its texts, in `texts`, when it is sound. */
    uint64_t start, stop, why, characters;
    uint64_t prompt_at, prompt_size, answer_at, answer_size;
    /* Room for the outline of a line, and what it and the texts of that line take of theirs. */
    uint8_t *outline;
    uint64_t outline_room, outline_size, texts_size;
    Notes *notes;
    /* Outlines that need no diagnosis any more, and room for the prompt and answer of their lines. */
    Known *known;
    uint64_t *digests; /* of theirs, in the same order */
    uint64_t knows;
    uint8_t *joined;
    uint64_t joined_room; /* without its guard */
    /* Elements that need no diagnosis any more, by their digests; the first of a line that is not among them. */
    Element *elements;
    uint16_t *slots; /* one more than the number of an element, or 0 */
    uint8_t *element;
    uint64_t element_size;
    uint64_t most[3], reasoned; /* how many images, videos and documents a record takes; what reasoning beside them contests */
    uint64_t contested[SUBJECTS], contested_line[SUBJECTS];
    /* Buckets that media lie in, each after its line and its size: of lines that were counted, and after them of the line that is
     * handed back; full when there may not be room for those of another line. */
    uint8_t *buckets;
    uint64_t buckets_full, buckets_size, its_buckets, its_buckets_end;
    /* Rules, each a bit: those that are asked for and those of which enough is listed; how often each was broken by lines that are
     * judged here. */
    uint64_t asked, enough, judged[COUNTED_RULES];
    /* What a record is judged by: names, each after a byte with its length, a zero at the end. Those of its keys, of which the
     * first are required; of blocks; and of the fields that tell other records by, each a bit of the signs of a kind of those. */
    const uint8_t *top, *offered, *fields, *templates, *subjects, *formats[3];
    uint64_t required, servers, no_datasets, datasets, signs[SIGNS];
    /* Lines without anything, and those with nothing but Ctrl-Z, which the prepared copy does without. */
    uint64_t blank_lines, ctrl_z;
    /* What the sound lines came to. Lines are counted from 1, and all of them are. */
    uint64_t line, records, total_characters, total_bytes, crlf;
    uint64_t histogram[BITS];
    uint64_t most_bits, most_bits_line;
    uint64_t traits[1 << PARTS_OF_RECORDS], traits_line[1 << PARTS_OF_RECORDS]; /* by their optional parts, each a bit */
    uint64_t latin, latin_line;
    /* Two digests and the line of each record, until they are taken away. */
    uint64_t kept, room;
    uint64_t *prompts, *answers, *places;
    /* The same of their normal forms, when thorough, and room for one. */
    uint64_t *near_prompts, *near_answers;
    uint8_t *normal;
    uint32_t counts[KINDS + 1]; /* of what is private in the line that is handed back; one is room */
    /* Whether enough is listed of what is private, by kind, and of what nobody sees, so that the rest is only counted. */
    uint32_t counts_kind[KINDS], counts_unseen;
    uint64_t private_records[KINDS], private_times[KINDS], unseen_records;
    /* The format; which of the kinds that records are told by is its own; how long a line and a caption may be. */
    uint64_t format, expected, longest_record, least_caption, longest_caption;
} Scan;

uint64_t lines_size(void) { return sizeof(Scan); }

const char *lines_source(void) { return SOURCE; }

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte of a word is its lowest");

/* ---- digests ------------------------------------------------------------------------------------ */

static inline uint64_t word(const uint8_t *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

__extension__ typedef unsigned __int128 Wide;

/* Both halves of a product: every bit of either factor reaches most bits of the result. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
    Wide product = (Wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static const uint64_t ODD[3] = {0x9e3779b97f4a7c15u, 0xbf58476d1ce4e5b9u, 0x94d049bb133111ebu};

/* 64 bits that tell texts apart. Only compared with others of this function. */
uint64_t lines_digest(const uint8_t *text, uint64_t size)
{
    uint64_t a = ODD[0] ^ size, b = ODD[1];
    uint64_t left = size;
    for (; left >= 32; left -= 32, text += 32) {
        a = fold(word(text) ^ ODD[1], word(text + 8) ^ a);
        b = fold(word(text + 16) ^ ODD[2], word(text + 24) ^ b);
    }
    uint8_t rest[32] = {0};
    if (left)
        memcpy(rest, text, left);
    a = fold(word(rest) ^ ODD[1], word(rest + 8) ^ a);
    b = fold(word(rest + 16) ^ ODD[2], word(rest + 24) ^ b);
    return fold(a ^ ODD[2], b ^ size ^ ODD[0]);
}

/* ---- texts -------------------------------------------------------------------------------------- */

typedef uint8_t Block __attribute__((vector_size(16)));

static inline Block block(const uint8_t *p)
{
    Block b;
    memcpy(&b, p, sizeof b);
    return b;
}

static inline Block all(uint8_t c)
{
    return (Block){c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c};
}

/* Which bytes are of a pair C3 xx with xx from `least` to BF that is whole in the block; Latin-1's letters do. */
static inline Block pairs(Block b, Block next, uint8_t least)
{
    Block lead = (b == all(0xc3)) & (next >= all(least)) & (next < all(0xc0));
    lead[15] = 0;
    Block second = __builtin_shufflevector(lead, all(0), 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
    return lead | second;
}

/* How many bytes before the n-th are set in a mask, n being 16 at most. */
static inline unsigned set_before(Block mask, unsigned n)
{
    uint64_t half[2], one = 0x0101010101010101u;
    memcpy(half, &mask, sizeof half);
    if (n < 8)
        half[0] &= ((uint64_t)1 << 8 * n) - 1;
    if (n < 16)
        half[1] &= n > 8 ? ((uint64_t)1 << 8 * (n - 8)) - 1 : 0;
    return (unsigned)((half[0] & one) * one >> 56) + (unsigned)((half[1] & one) * one >> 56);
}

/* The place of the first byte that is set in a mask, or 16; without a branch where the processor has it, for where a text
 * stops is what no processor foresees. */
static inline unsigned first(Block mask)
{
#ifdef __SSE2__
    return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8((__m128i)mask) | 0x10000);
#else
    uint64_t half[2];
    memcpy(half, &mask, sizeof half);
    if (half[0])
        return (unsigned)__builtin_ctzll(half[0]) >> 3;
    return half[1] ? 8 + ((unsigned)__builtin_ctzll(half[1]) >> 3) : 16;
#endif
}

/* A bit for each byte that is set in a mask. */
static inline uint32_t bits_of(Block mask)
{
#ifdef __SSE2__
    return (uint32_t)_mm_movemask_epi8((__m128i)mask);
#else
    uint64_t half[2], high = 0x8080808080808080u, gather = 0x0002040810204081u;
    memcpy(half, &mask, sizeof half);
    return (uint32_t)((half[0] & high) * gather >> 56) | (uint32_t)((half[1] & high) * gather >> 56) << 8;
#endif
}

/* Whether anything in a block is beyond ASCII. */
static inline int beyond(Block b)
{
    uint64_t half[2];
    memcpy(half, &b, sizeof half);
    return ((half[0] | half[1]) & 0x8080808080808080u) != 0;
}

typedef struct {
    uint8_t *base, *out;
    uint8_t *last;    /* where the last text begins */
    uint64_t texts;   /* how many there are */
    uint64_t beside;  /* bytes that are no characters: all but the first of each, and what joins texts */
    int halves;       /* whether halves of characters are written as they are, and keys in their order, in canonical JSON */
    uint64_t odd;     /* whether a text holds characters that nobody sees: MAY_BE, SURELY, with a NUL among them HAS_NUL */
} Reader;

static inline int follows(uint8_t c) { return (c & 0xc0) == 0x80; }

/* Whether what nobody sees may be in a text, or is for certain; and whether a NUL is, which looks like what joins texts. */
enum { MAY_BE = 1, SURELY = 2, HAS_NUL = 4 };
enum { SET_ASIDE = 0xff }; /* in place of a NUL in texts that Python takes apart; in no UTF-8 */

/* Whether a sequence beyond ASCII stands for what nobody sees, MAY_BE or SURELY; unseen.py says which. */
static inline int unseen(const uint8_t *p)
{
    switch (p[0]) {
    case 0xc2: return p[1] < 0xa0 || p[1] == 0xad ? SURELY : 0;
    case 0xe1: return p[1] == 0xa0 && p[2] == 0x8e ? SURELY : 0;
    case 0xe2:
        if (p[1] == 0x81)
            return p[2] >= 0xa0 && p[2] < 0xb0 ? SURELY : 0;
        return p[1] == 0x80 && (p[2] == 0x8b || (p[2] >= 0xaa && p[2] <= 0xae)) ? SURELY : 0;
    case 0xef: return (p[1] == 0xbb && p[2] == 0xbf) || (p[1] == 0xbf && p[2] >= 0xb9 && p[2] <= 0xbb) ? SURELY : 0;
    case 0xf3: return p[1] == 0xa0 && p[2] <= 0x81 ? MAY_BE : 0; /* flags are spelt with such */
    default: return 0;
    }
}

/* The size of the UTF-8 sequence that starts here, or 0 where none is. */
static inline unsigned sequence(const uint8_t *p)
{
    uint8_t c = p[0];
    if (c < 0xc2)
        return 0;
    if (c < 0xe0)
        return follows(p[1]) ? 2 : 0;
    if (c < 0xf0) {
        if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f)) /* too long; a surrogate */
            return 0;
        return follows(p[1]) && follows(p[2]) ? 3 : 0;
    }
    if (c > 0xf4 || (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
        return 0;
    return follows(p[1]) && follows(p[2]) && follows(p[3]) ? 4 : 0;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const uint8_t *p)
{
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = p[i], low = c | 0x20;
        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if (low >= 'a' && low <= 'f')
            value = value * 16 + (low - 'a' + 10);
        else
            return -1;
    }
    return value;
}

/* Writes the character of an escape; gives what follows it, or NULL. */
static const uint8_t *escape(Reader *r, const uint8_t *p)
{
    switch (p[1]) {
    case '"': case '\\': case '/': *r->out++ = p[1]; return p + 2;
    case 'n': *r->out++ = '\n'; return p + 2;
    case 't': *r->out++ = '\t'; return p + 2;
    case 'r': *r->out++ = '\r'; return p + 2;
    case 'b': *r->out++ = '\b'; r->odd |= SURELY; return p + 2;
    case 'f': *r->out++ = '\f'; r->odd |= SURELY; return p + 2;
    case 'u': break;
    default: return NULL;
    }
    int32_t c = hex4(p + 2);
    if (c < 0)
        return NULL;
    r->odd |= c ? 0 : HAS_NUL;
    r->odd |= (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f ? SURELY : 0;
    p += 6;
    uint8_t *out = r->out;
    if (c < 0x80) {
        *out++ = (uint8_t)c;
    } else if (c < 0x800) {
        *out++ = (uint8_t)(0xc0 | c >> 6);
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
        r->beside += 1;
    } else if (c < 0xd800 || c > 0xdfff) {
        *out++ = (uint8_t)(0xe0 | c >> 12);
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
        r->beside += 2;
    } else {
        int32_t low = c < 0xdc00 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return NULL; /* half of a pair */
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        p += 6;
        *out++ = (uint8_t)(0xf0 | c >> 18);
        *out++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
        r->beside += 3;
    }
    r->odd |= c > 0x7f ? (uint64_t)unseen(r->out) : 0;
    r->out = out;
    return p;
}

/* Whether a text is nothing but white space, as Python's `str.isspace` has it. */
static int blank(const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        if (*p < 0x80) {
            if (*p != ' ' && (*p < '\t' || *p > '\r') && (*p < 0x1c || *p > 0x1f))
                return 0;
            p += 1;
            continue;
        }
        unsigned size = sequence(p);
        uint32_t c = size == 2 ? (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f)
                   : size == 3 ? (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f)
                               : 0x10000;
        int space = c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
                    c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
        if (!space)
            return 0;
        p += size;
    }
    return 1;
}

/* Copies words of which every letter is one that anybody sees: between Latin-1 and Thai, and from kana to Hangul. One
 * space between two of them costs no block. */
static inline const uint8_t *letters_on(Reader *r, const uint8_t *p)
{
    uint8_t *out = r->out;
    uint64_t beside = 0;
    for (;;) {
        if (*p >= 0xc4 && *p < 0xe0 && follows(p[1])) {
            memcpy(out, p, 2);
            p += 2;
            out += 2;
            beside += 1;
        } else if (*p >= 0xe3 && *p < 0xed && follows(p[1]) && follows(p[2])) {
            memcpy(out, p, 4);
            p += 3;
            out += 3;
            beside += 2;
        } else if (*p == ' ' && p[1] > 0x7f) {
            *out++ = ' ';
            p += 1;
        } else {
            break;
        }
    }
    r->out = out;
    r->beside += beside;
    return p;
}

/* Copies a text, decoded, from its opening quote on; gives what follows its closing one, or NULL
 * when it is no strict JSON. */
static const uint8_t *copied(Reader *r, const uint8_t *p)
{
    if (*p++ != '"')
        return NULL;
    if (r->texts++) {
        *r->out++ = 0;
        r->beside += 1;
    }
    r->last = r->out;
    for (;;) {
        Block b = block(p);
        memcpy(r->out, &b, sizeof b);
        Block stop = (b == all('"')) | (b == all('\\')) | (b < all(0x20));
        unsigned n;
        if (beyond(b)) {
            Block letters = pairs(b, block(p + 1), 0xa0);
            n = first(stop | ((b > all(0x7e)) & ~letters));
            r->beside += set_before(letters, n) / 2;
        } else {
            n = first(stop | (b == all(0x7f)));
        }
        p += n;
        r->out += n;
        if (n == 16)
            continue;
        if (*p == '"')
            break;
        if (*p == '\\') {
            if (!(p = escape(r, p)))
                return NULL;
            continue;
        }
        if (*p == 0x7f) {
            r->odd |= SURELY;
            r->out++;
            p++;
            continue;
        }
        if (*p < 0x80)
            return NULL;
        do {
            p = letters_on(r, p);
            if (*p < 0x80)
                break;
            unsigned size = sequence(p);
            if (!size)
                return NULL;
            r->odd |= (uint64_t)unseen(p);
            memcpy(r->out, p, 4);
            p += size;
            r->out += size;
            r->beside += size - 1;
        } while (*p > 0x7f);
    }
    if (r->out > r->last && (*r->last == MARKED || *r->last == RAW))
        return NULL; /* so begins what only compares */
    return p + 1;
}

/* The same, of a text that says something. */
static const uint8_t *text(Reader *r, const uint8_t *p)
{
    p = copied(r, p);
    return p && !blank(r->last, r->out) ? p : NULL;
}

/* What nobody sees in a text that was decoded, as a reader notes it. */
static uint64_t odd_in(const uint8_t *p, const uint8_t *end)
{
    uint64_t odd = 0;
    while (p < end) {
        Block b = block(p);
        unsigned n = first((b < all(0x20)) | (b > all(0x7e)));
        p += n;
        if (n == 16 || p >= end)
            continue;
        odd |= *p ? 0 : HAS_NUL;
        odd |= *p > 0x7f ? (uint64_t)unseen(p) : *p == '\n' || *p == '\t' || *p == '\r' ? 0 : SURELY;
        p += *p > 0x7f ? sequence(p) : 1;
    }
    return odd;
}

#include "normal.h"

/* ---- records ------------------------------------------------------------------------------------ */

/* Past white space within a line; a line feed ends the line. */
static inline const uint8_t *space(const uint8_t *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r')
        p++;
    return p;
}

/* Past a key and its colon, to the value; NULL when another key is there. */
static inline const uint8_t *key(const uint8_t *p, const char *quoted, size_t size)
{
    if (memcmp(p, quoted, size) != 0)
        return NULL;
    p = space(p + size);
    return *p == ':' ? space(p + 1) : NULL;
}

#define KEY(p, name) key(p, "\"" name "\"", sizeof name + 1)
#define STARTS(p, literal) (memcmp(p, literal, sizeof literal - 1) == 0)

/* After a value: past a comma to what follows, or to the closing sign. */
static inline const uint8_t *more(const uint8_t *p, uint8_t close)
{
    p = space(p);
    if (*p == ',') {
        p = space(p + 1);
        return *p == close ? NULL : p;
    }
    return *p == close ? p : NULL;
}

/* A list of text blocks. */
static const uint8_t *blocks(Reader *r, const uint8_t *p, uint64_t *count)
{
    *count = 0;
    if (*p != '[')
        return NULL;
    p = space(p + 1);
    do {
        if (*p != '{' || !(p = KEY(space(p + 1), "text")) || !(p = text(r, p)))
            return NULL;
        p = space(p);
        if (*p != '}' || !(p = more(p + 1, ']')))
            return NULL;
        *count += 1;
    } while (*p != ']');
    return p + 1;
}

/* A turn of the user or the assistant; says how many blocks it has. */
static const uint8_t *turn(Reader *r, const uint8_t *p, int assistant, uint64_t *count)
{
    enum { ROLE = 1, CONTENT = 2 };
    unsigned seen = 0, now;
    const uint8_t *value;
    if (*p != '{')
        return NULL;
    p = space(p + 1);
    do {
        if ((value = KEY(p, "role"))) {
            now = ROLE;
            if (assistant ? STARTS(value, "\"assistant\"") : STARTS(value, "\"user\""))
                p = value + (assistant ? sizeof "assistant" : sizeof "user") + 1;
            else
                return NULL;
        } else if ((value = KEY(p, "content"))) {
            now = CONTENT;
            p = blocks(r, value, count);
        } else {
            return NULL;
        }
        if (!p || seen & now || !(p = more(p, '}')))
            return NULL;
        seen |= now;
    } while (*p != '}');
    return seen == (ROLE | CONTENT) ? p + 1 : NULL;
}

/* All turns: user and assistant alternate, and the last text is one answer. */
static const uint8_t *turns(Reader *r, const uint8_t *p)
{
    uint64_t count = 0, last = 0;
    if (*p != '[')
        return NULL;
    p = space(p + 1);
    do {
        if (!(p = turn(r, p, count & 1, &last)) || !(p = more(p, ']')))
            return NULL;
        count++;
    } while (*p != ']');
    return count % 2 == 0 && last == 1 ? p + 1 : NULL;
}

#define VERSION "\"bedrock-conversation-2024\""

/* A conversation; gives the end of its line, or NULL. */
static const uint8_t *conversation(Scan *s, Reader *r, const uint8_t *p, unsigned *system)
{
    enum { SCHEMA = 1, SYSTEM = 2, MESSAGES = 4 };
    unsigned seen = 0, now;
    const uint8_t *value, *messages = NULL;
    const Reader empty = *r;
    if (*p != '{')
        return NULL;
    p = space(p + 1);
    do {
        if ((value = KEY(p, "messages"))) {
            now = MESSAGES;
            messages = value;
            p = turns(r, value);
        } else if ((value = KEY(p, "system"))) {
            uint64_t count;
            now = SYSTEM;
            if (messages)
                *r = empty; /* what it says comes first wherever it is: the turns are read again */
            p = blocks(r, value, &count);
            if (!p || count > s->system_blocks || (messages && !turns(r, messages)))
                return NULL;
        } else if ((value = KEY(p, "schemaVersion"))) {
            now = SCHEMA;
            p = STARTS(value, VERSION) ? value + sizeof VERSION - 1 : NULL;
        } else {
            return NULL;
        }
        if (!p || seen & now || !(p = more(p, '}')))
            return NULL;
        seen |= now;
    } while (*p != '}');
    *system = (seen & SYSTEM) != 0;
    p = space(p + 1);
    if ((seen | SYSTEM) != (SCHEMA | SYSTEM | MESSAGES) || *p != '\n')
        return NULL;
    s->prompt_at = 0;
    s->prompt_size = (uint64_t)(r->last - r->base) - 1;
    s->answer_at = (uint64_t)(r->last - r->base);
    s->answer_size = (uint64_t)(r->out - r->last);
    return p;
}

/* A prompt and its completion; gives the end of the line, or NULL. */
static const uint8_t *pair(Scan *s, Reader *r, const uint8_t *p)
{
    enum { PROMPT = 1, COMPLETION = 2 };
    unsigned seen = 0, now;
    const uint8_t *value;
    if (*p != '{')
        return NULL;
    p = space(p + 1);
    do {
        if ((value = KEY(p, "prompt")))
            now = PROMPT;
        else if ((value = KEY(p, "completion")))
            now = COMPLETION;
        else
            return NULL;
        if (seen & now || !(p = text(r, value)) || !(p = more(p, '}')))
            return NULL;
        seen |= now;
        uint64_t at = (uint64_t)(r->last - r->base), size = (uint64_t)(r->out - r->last);
        *(now == PROMPT ? &s->prompt_at : &s->answer_at) = at;
        *(now == PROMPT ? &s->prompt_size : &s->answer_size) = size;
    } while (*p != '}');
    p = space(p + 1);
    return seen == (PROMPT | COMPLETION) && *p == '\n' ? p : NULL;
}

/* ---- what is in the texts ---------------------------------------------------------------------- */

/* Whether a reserved word ends here, to refuse as a whole token, to warn of as the end of another. Only those with
 * a colon can be part of another. */
static int reserved(const Scan *s, const uint8_t *from, const uint8_t *at)
{
    size_t room = (size_t)(at - from) + 1;
    if (*at == ':' && (room == 1 || !alpha(at[-1]))) /* `usable` sees to it that no word has another sign there */
        return 0;
    for (const uint8_t *w = s->words; *w; w += *w + 1) {
        size_t size = *w;
        if (*at != w[size] || size > room || memcmp(at + 1 - size, w + 1, size) != 0)
            continue;
        if (s->thorough || *at != ':' || size == room || !wordly(at[-(ptrdiff_t)size]))
            return 1;
    }
    return 0;
}

/* Whether a block holds any sign from + to _, among which are all that follow and that reserved words end in
 * (`usable` sees to that): letters in lower case and spaces, most of any text, are not. */
static inline int lively(Block text)
{
    Block mask = (text - all('+')) <= all('_' - '+');
    uint64_t half[2];
    memcpy(half, &mask, sizeof half);
    return (half[0] | half[1]) != 0;
}

/* What may be private holds one of these signs: of digits two, as a number of one says nothing. `next` is a byte further on. */
static inline Block signs(Block text, Block next)
{
    return (((text - all('0')) < all(10)) & ((next - all('0')) < all(10))) | (text == all('@')) | (text == all('+')) |
           ((text == all('I')) & (next == all('A'))) | (text == all('J')) | (text == all('_')) | (text == all('-'));
}

/* Goes through a text once, and counts what is private in it: ASK for a reserved word, else LOOK when anything was
 * counted so far, or DONE. */
static int gone_through(const Scan *s, const uint8_t *from, const uint8_t *end, uint32_t *counts)
{
    Text t = {from, end};
    Block a = all(s->ends[0]), b = all(s->ends[1]), c = all(s->ends[2]), d = all(s->ends[3]);
    for (const uint8_t *p = from; p < end;) {
        Block text = block(p);
        if (!lively(text)) {
            p += 16;
            continue;
        }
        Block mask = (text == a) | (text == b) | (text == c) | (text == d);
        if (s->thorough)
            mask |= signs(text, block(p + 1));
        unsigned n = first(mask);
        p += n;
        if (n == 16)
            continue;
        if (p >= end)
            break;
        if ((*p == s->ends[0] || *p == s->ends[1] || *p == s->ends[2] || *p == s->ends[3]) && reserved(s, from, p))
            return ASK;
        p = s->thorough ? counted(t, p, counts) : p + 1;
    }
    for (unsigned i = 0; i < KINDS; i++)
        if (counts[i])
            return LOOK;
    return DONE;
}

/* The same for a text by itself, of which GUARD bytes more may be read. */
void lines_private(const uint8_t *text, uint64_t size, uint32_t *counts)
{
    Text t = {text, text + size};
    memset(counts, 0, KINDS * sizeof *counts);
    for (const uint8_t *p = text; p < t.end;) {
        unsigned n = lively(block(p)) ? first(signs(block(p), block(p + 1))) : 16;
        p += n;
        if (n < 16 && p < t.end)
            p = counted(t, p, counts);
    }
}

/* Whether every letter beyond ASCII is surely Latin, so that nobody has to be asked for the script. */
static int latin(const uint8_t *p, const uint8_t *stop)
{
    for (;;) {
        p += first(block(p) > all(0x7f));
        if (p >= stop)
            return 1;
        if (*p < 0x80)
            continue;
        if (*p == 0xc2) { /* signs, and three letters of no script */
            if (p[1] == 0xaa || p[1] == 0xb5 || p[1] == 0xba)
                return 0;
            p += 2;
        } else if (*p >= 0xc3 && *p <= 0xc9) {
            p += 2;
        } else if (*p == 0xe2 && p[1] == 0x80) { /* dashes and typographic quotes */
            p += 3;
        } else {
            return 0;
        }
    }
}

/* One record in eight, by its length and the bytes at both ends, or all: the number that they are, modulo 2^64 - 1,
 * so that Python can tell it too (scan.py does). */
static int sampled(const uint8_t *start, const uint8_t *stop)
{
    Wide sum = (Wide)(stop - start);
    if (stop - start > 2 * SAMPLE) {
        for (const uint8_t *p = start; p < start + SAMPLE; p += 8)
            sum += word(p);
        start = stop - SAMPLE;
    }
    for (; stop - start >= 8; start += 8)
        sum += word(start);
    uint8_t rest[8] = {0};
    memcpy(rest, start, (size_t)(stop - start));
    sum += word(rest);
    while (sum >> 64)
        sum = (sum >> 64) + (uint64_t)sum;
    uint64_t low = (uint64_t)sum == UINT64_MAX ? 0 : (uint64_t)sum;
    return low * ODD[0] >> 61 == 0;
}

/* ---- outlines ----------------------------------------------------------------------------------- */

/* What is wrong with a line of strict JSON depends on its keys, types and roles, on which of its texts are
 * empty or blank, and on the reserved words in them; on nothing else that they say. Its outline is the line with
 * all that, short as can be: each text is a number there ("t007", in white space if the text is blank), with the
 * reserved words that are in it, and the text itself is set aside. Python diagnoses each outline once. A line gets none (NULL, here)
 * when anything in it is odd, or parts are in it that are checked more closely, such as tools.
 */
enum { DEPTH = 64 }; /* levels of nesting, as MAX_DEPTH of syntax.py has it */
enum { PIECES = 400000, MOST_IDS = 60000, HEADS = 1 << 14, MEMBERS = 60000, FIGURES = 17, DOUBLES = 4096, LONGEST_BUCKET = 63, MOST_MEDIA = 60000, BUCKETS = 256 };
enum { BLANK = 1, CTRL_Z };
enum { PLAIN_NUMBER = 200 }; /* signs: ten to the power of 200 and 99 is a number to every reader */

typedef struct {
    uint64_t at, size, characters;
} Said;

typedef struct {
    const uint8_t *at;
    size_t size;
    int declared;
    uint16_t head, next; /* the next of those of the same head, one more than its number */
} Id;

typedef struct {
    unsigned count;
    uint16_t heads[HEADS]; /* one more than the number of an id, or 0 */
    Id all[MOST_IDS];
} Ids;

typedef struct {
    uint8_t *key, *end; /* of the member of an object, from its key's quote on */
    size_t size; /* of the key */
    int escaped; /* whether a backslash is in it */
    unsigned doubled; /* keys of its value that are there twice */
} Member;

/* The digits of a number that say something, and the power of ten of the first. */
typedef struct {
    char digit[FIGURES];
    int count, tens; /* count is more than FIGURES when there are more */
} Figures;

/* What a double was found to be written as; bits and count are 0 for none. */
typedef struct {
    uint64_t bits;
    Figures as;
} Double;

typedef struct {
    uint8_t size, name[LONGEST_BUCKET];
} Bucket;

/* What is noted of a line with an outline: as much as the longest record may hold, in memory of Python's, of which a line
 * touches no more than it needs. */
struct Notes {
    Said said[PIECES];
    Ids ids, names; /* of tool uses, and of tools */
    Ids keys;       /* of one object; see verdicts.h */
    Ids uses, offers; /* as ids and names, of what is judged; see tool_verdicts.h */
    uint32_t text[PIECES], asked[MOST_IDS]; /* see parts.h */
    uint16_t met[2 * PIECES];
    Member members[MEMBERS];
    Bucket buckets[MOST_MEDIA];
    Bucket counted[BUCKETS]; /* of all lines, each where its digest says: some of those that were handed over */
    Double doubles[DOUBLES]; /* of all lines, each where its bits say: what repeats, such as a power of two, is written once */
};

uint64_t lines_notes(void) { return sizeof(Notes); }

typedef struct {
    const Scan *s;
    Notes *notes;
    const uint8_t *start; /* of the line */
    Reader r;
    int names_tools; /* whether tools are called by their names, not by numbers */
    int misnamed; /* whether they had to be */
    int configured; /* whether tools are declared */
    int raw, any_raw; /* whether a number is written as Python does not write it */
    uint8_t *out, *full;
    uint64_t why;
    unsigned pending; /* members of the objects that are being read */
    unsigned buckets; /* how many addresses there are */
    unsigned doubled; /* keys that were there twice in what only compares, where no outline shows them any more */
    int tools_text, reference_text; /* which texts compare for them, in records of chats; -1 for none */
    const uint8_t *apart[2]; /* where they are in the outline, in which no key is there twice */
    int sorted; /* whether a block is there with its keys in order, so that Python would list what is wrong in another one */
} Outline;

static int put(Outline *o, const void *bytes, size_t size)
{
    if ((size_t)(o->full - o->out) < size)
        return 0;
    memcpy(o->out, bytes, size);
    o->out += size;
    return 1;
}

static const uint8_t *canon_string(Reader *r, const uint8_t *p);

/* A string as it is, but for escapes, of which each sign has one: so equal strings are equal bytes, and a word that is
 * looked for is not hidden behind an escape. */
static const uint8_t *verbatim(Outline *o, const uint8_t *p)
{
    const uint8_t *end = p + 1;
    while (*end != '"') {
        if (*end < 0x20)
            return NULL;
        end += *end == '\\' && end[1] >= 0x20 ? 2 : 1;
    }
    if (o->full - o->out < end + 1 - p + GUARD)
        return NULL;
    Reader r = {.base = o->out, .out = o->out, .last = o->out};
    p = canon_string(&r, p);
    o->out = r.out;
    return p;
}

/* Whether a character, given by its last byte, goes on into a word, as a letter does; -1 when that is not certain. */
static int goes_on(const uint8_t *p)
{
    if (*p < 0x80)
        return wordly(*p);
    while (follows(*p))
        p--;
    unsigned size;
    uint32_t c = decoded(p, &size);
    unsigned n = entry_of(c);
    return n == UNKNOWN ? -1 : ENTRIES[n].letter;
}

enum { WHOLE, SDK, PART, NO_WORD, NOT_SURE };

/* The one reserved word of a text that is reported (markers.py): of those that refuse the first to end whole, then of those
 * of AWS's SDK, then one that ends another word. `NOT_SURE` when that is not certain. */
static int held_word(const Scan *s, const uint8_t *from, const uint8_t *end, const uint8_t **word)
{
    const uint8_t *ends = s->ends, *found[NO_WORD] = {NULL};
    int colon[NO_WORD] = {0};
    for (const uint8_t *at = from; at < end; at++) {
        if (*at != ends[0] && *at != ends[1] && *at != ends[2] && *at != ends[3])
            continue;
        size_t room = (size_t)(at - from) + 1;
        uint64_t n = 0;
        for (const uint8_t *w = s->words; *w; w += *w + 1, n++) {
            size_t size = *w;
            if (*at != w[size] || size > room || memcmp(at + 1 - size, w + 1, size) != 0)
                continue;
            int part = *at == ':' && size < room ? goes_on(at - size) : 0;
            if (part < 0)
                return NOT_SURE;
            if (part && !s->thorough)
                continue;
            unsigned kind = part ? PART : n < s->refusing ? WHOLE : SDK;
            /* Of whole words with a colon the first to end goes before all others, which go in the order of the list. */
            int first = kind != PART && *at == ':';
            if (!found[kind] || (first ? !colon[kind] : !colon[kind] && w < found[kind]))
                found[kind] = w;
            colon[kind] |= first;
        }
    }
    for (int kind = WHOLE; kind < NO_WORD; kind++)
        if ((*word = found[kind]))
            return kind;
    return NO_WORD;
}

/* Writes that word; 0 when that is not certain. */
static int held(Outline *o, const uint8_t *from, const uint8_t *end)
{
    const uint8_t *word;
    int kind = held_word(o->s, from, end, &word);
    if (kind == NOT_SURE || kind == NO_WORD)
        return kind == NO_WORD;
    return put(o, kind == PART ? " x" : " ", kind == PART ? 2 : 1) && put(o, word + 1, *word);
}

/* The digits of a number in an outline. */
static void spell(uint8_t *out, uint64_t n)
{
    for (unsigned i = WIDTH; i--; n /= 10)
        out[i] = (uint8_t)('0' + n % 10);
}

/* A blank text's number, each digit a space from U+2000 on; an empty one has none, for all such are the same. */
static int put_blank(Outline *o, uint64_t n)
{
    uint8_t digits[WIDTH];
    if (o->r.out == o->r.last)
        return put(o, "\"\"", 2);
    spell(digits, n);
    int all = put(o, "\"", 1);
    for (unsigned i = 0; all && i < WIDTH; i++)
        all = put(o, (const uint8_t[]){0xe2, 0x80, 0x80 + digits[i] - '0'}, 3);
    return all && put(o, "\"", 1);
}

/* A text is set aside; in its place is its number. */
static const uint8_t *numbered(Outline *o, const uint8_t *p)
{
    uint64_t n = o->r.texts, beside = o->r.beside + (n > 0);
    const uint8_t *next = copied(&o->r, p);
    if (!next || n >= PIECES)
        return NULL;
    uint64_t size = (uint64_t)(o->r.out - o->r.last);
    o->notes->said[n] = (Said){(uint64_t)(o->r.last - o->r.base), size, size - (o->r.beside - beside)};
    if (blank(o->r.last, o->r.out))
        return put_blank(o, n) ? next : NULL;
    uint8_t name[2 + WIDTH] = {'"', 't'};
    spell(name + 2, n);
    if (!put(o, name, sizeof name))
        return NULL;
    uint32_t counts[KINDS] = {0};
    int found = *o->s->words || o->s->thorough ? gone_through(o->s, o->r.last, o->r.out, counts) : DONE;
    if (found != DONE)
        o->why = PRIVATE;
    if (found == ASK && !held(o, o->r.last, o->r.out))
        return NULL;
    return put(o, "\"", 1) ? next : NULL;
}

/* A number that every reader takes, for it is surely none that is too great; all are alike. */
static const uint8_t *plain(Outline *o, const uint8_t *p)
{
    const uint8_t *begin = p, *part = p += *p == '-';
    while (digit(*p))
        p++;
    if (p == part || (*part == '0' && p - part > 1))
        return NULL;
    if (*p == '.') {
        part = ++p;
        while (digit(*p))
            p++;
        if (p == part)
            return NULL;
    }
    if (*p == 'e' || *p == 'E') {
        part = p += 1 + (p[1] == '+' || p[1] == '-');
        while (digit(*p))
            p++;
        if (p == part || p - part > 2)
            return NULL;
    }
    return p - begin <= PLAIN_NUMBER && put(o, "0", 1) ? p : NULL;
}

/* Whether what is under a key is checked more closely than an outline says. */
static int special(const uint8_t *p)
{
    return STARTS(p, "\"image\"") || STARTS(p, "\"video\"") || STARTS(p, "\"document\"") ||
           STARTS(p, "\"reasoningContent\"") || STARTS(p, "\"toolUse\"") || STARTS(p, "\"toolResult\"");
}

/* Clears no more heads than there are ids: all of them would take longer than a short line. */
static void forget(Ids *met)
{
    while (met->count)
        met->heads[met->all[--met->count].head] = 0;
}

#include "blocks.h"
#include "parts.h"
#include "verdicts.h"
#include "tool_verdicts.h"
#include "formats.h"

/* Where a value is, as far as that matters; what is in a record of another format is elsewhere. */
enum { ELSEWHERE, RECORD, MESSAGES, MESSAGE, CONTENT, BLOCK, OTHER_RECORD };

/* Where a value is under a key of an object. */
static unsigned under(unsigned where, const uint8_t *key)
{
    if (where == RECORD && STARTS(key, "\"messages\""))
        return MESSAGES;
    return where == MESSAGE && STARTS(key, "\"content\"") ? CONTENT : ELSEWHERE;
}

#define LITERAL(o, p, word) \
    (STARTS(p, word) && put(o, word, sizeof word - 1) ? p + sizeof word - 1 : NULL)

/* A text beside no other, with the sign of a template behind it, which decides what it is (looks.py). */
static const uint8_t *running_text(Outline *o, const uint8_t *p)
{
    if (!(p = numbered(o, p)))
        return NULL;
    for (const uint8_t *sign = o->s->templates; *sign; sign += *sign + 1)
        for (const uint8_t *at = o->r.last; (at = memchr(at, sign[1], (size_t)(o->r.out - at))); at++)
            if (o->r.out - at >= *sign && memcmp(at, sign + 1, *sign) == 0) {
                o->out[-1] = TEMPLATE;
                for (unsigned i = 1; i <= *sign; i++)
                    if (!(sign[i] == '\n' ? put(o, "\\n", 2) : put(o, sign + i, 1)))
                        return NULL;
                return put(o, "\"", 1) ? p : NULL;
            }
    return p;
}

/* Any value, and all that is in it. */
static const uint8_t *any(Outline *o, const uint8_t *p, unsigned depth, unsigned where)
{
    uint8_t open = *p, close = open + 2; /* as both brackets have it */
    switch (open) {
    case '"': return numbered(o, p);
    case 't': return LITERAL(o, p, "true");
    case 'f': return LITERAL(o, p, "false");
    case 'n': return LITERAL(o, p, "null");
    case '{': case '[': break;
    default: return plain(o, p);
    }
    if (where == BLOCK && open == '{' && special(space(p + 1)))
        return special_block(o, p);
    Outline before;
    const uint8_t *begun = p;
    if (where == BLOCK)
        before = *o;
    if (depth == DEPTH || !put(o, p, 1))
        return NULL;
    p = space(p + 1);
    for (int later = 0; *p != close; later = 1) {
        int role = 0;
        unsigned inner = where == MESSAGES ? MESSAGE : where == CONTENT ? BLOCK : ELSEWHERE;
        if (later && !put(o, ",", 1))
            return NULL;
        if (open == '{') {
            const uint8_t *name = o->out;
            if (*p != '"' || !(p = verbatim(o, p)))
                return NULL;
            role = STARTS(name, "\"role\"") || STARTS(name, "\"schemaVersion\"") || STARTS(name, "\"type\"");
            int tools = where == RECORD && !o->s->pairs && STARTS(name, "\"toolConfig\"");
            inner = under(where, name);
            if (where == BLOCK && special(name)) {
                *o = before;
                return special_block(o, begun);
            }
            int running = (where == RECORD || where == OTHER_RECORD) && STARTS(name, "\"text\"");
            p = space(p);
            if (*p != ':')
                return NULL;
            if (!put(o, ":", 1))
                return NULL;
            p = space(p + 1);
            if (where == OTHER_RECORD && is_apart(o, name, p)) {
                if (!(p = set_apart(o, name, p)) || !(p = more(p, close)))
                    return NULL;
                continue;
            }
            if (tools || (running && *p == '"')) {
                if (!(p = tools ? declared_tools(o, p) : running_text(o, p)) || !(p = more(p, close)))
                    return NULL;
                continue;
            }
        }
        const uint8_t *after = role && *p == '"' ? verbatim(o, p) : any(o, p, depth + 1, inner);
        if (!after)
            return NULL;
        if (!(p = more(after, close)))
            return NULL;
    }
    return put(o, p, 1) ? p + 1 : NULL;
}

/* ---- lines -------------------------------------------------------------------------------------- */

/* A digest of the normal form of a text; 0 when it is not certain here. */
static uint64_t near(Scan *s, const uint8_t *text, uint64_t size)
{
    const uint8_t *end = normalised(s->normal, text, text + size);
    return end ? lines_digest(s->normal, (uint64_t)(end - s->normal)) : 0;
}

/* Counts a record, and keeps what it is compared by; gives why Python must tell that. */
static unsigned count(Scan *s, const uint8_t *texts, unsigned system)
{
    unsigned why = 0;
    uint64_t size = s->prompt_size + s->answer_size;
    unsigned bits = s->characters ? 64 - (unsigned)__builtin_clzll(s->characters) : 0;
    if (bits >= BITS)
        bits = BITS - 1;
    s->records++;
    s->total_characters += s->characters;
    s->total_bytes += size;
    s->histogram[bits]++;
    if (bits > s->most_bits) {
        s->most_bits = bits;
        s->most_bits_line = s->line;
    }
    if (!s->traits[system]++)
        s->traits_line[system] = s->line;
    if (s->line <= s->compared) {
        s->prompts[s->kept] = lines_digest(texts + s->prompt_at, s->prompt_size);
        s->answers[s->kept] = lines_digest(texts + s->answer_at, s->answer_size);
        if (s->thorough) {
            s->near_prompts[s->kept] = near(s, texts + s->prompt_at, s->prompt_size);
            s->near_answers[s->kept] = near(s, texts + s->answer_at, s->answer_size);
            why = s->near_prompts[s->kept] && s->near_answers[s->kept] ? 0 : NEAR;
        }
        s->places[s->kept++] = s->line;
    }
    return why;
}

/* Puts together the prompt and the answer of a line; 0 when there is no room. */
static int joined(Scan *s, const Outline *o, const Known *k)
{
    uint8_t *out = s->joined, *full = out + s->joined_room;
    s->characters = s->answer_at = 0;
    for (uint64_t i = 0; i < k->pieces; i++) {
        Said said = o->notes->said[k->text[i]];
        if ((uint64_t)(full - out) <= said.size)
            return 0;
        if (i == k->prompt)
            s->answer_at = (uint64_t)(out - s->joined);
        else if (i)
            *out++ = 0;
        memcpy(out, s->texts + said.at, said.size);
        out += said.size;
        s->characters += said.characters;
    }
    uint64_t size = (uint64_t)(out - s->joined);
    if (k->prompt == k->pieces)
        s->answer_at = size;
    s->prompt_at = 0;
    s->prompt_size = s->answer_at;
    s->answer_size = size - s->answer_at;
    return 1;
}

/* Counts what is private in a prompt and its answer; gives whether anything is. */
static int privately(Scan *s, const uint8_t *texts)
{
    uint32_t more[KINDS], any = 0;
    lines_private(texts + s->prompt_at, s->prompt_size, s->counts);
    lines_private(texts + s->answer_at, s->answer_size, more);
    for (unsigned i = 0; i < KINDS; i++)
        any |= s->counts[i] += more[i];
    return any != 0;
}

/* Counts what is private in a line, if enough is listed of each kind of it; else Python is asked. */
static unsigned private_counted(Scan *s)
{
    for (unsigned i = 0; i < KINDS; i++)
        if (s->counts[i] && !s->counts_kind[i])
            return PRIVATE;
    for (unsigned i = 0; i < KINDS; i++) {
        s->private_records[i] += s->counts[i] > 0;
        s->private_times[i] += s->counts[i];
    }
    return 0;
}

/* Whether a NUL is still to be listed: Python takes a text apart there, so the line itself decides. */
static int names_nul(const Scan *s, uint64_t odd)
{
    return odd & HAS_NUL && s->reports_unseen && !s->counts_unseen;
}

/* The same of characters that nobody sees. */
static unsigned unseen_counted(Scan *s, uint64_t odd)
{
    if (!odd || !s->reports_unseen)
        return 0;
    if (!s->counts_unseen || !(odd & SURELY))
        return UNSEEN;
    s->unseen_records++;
    return 0;
}

/* Whether a record's script has to be asked for; most of those that are looked at are Latin. */
static int asks_script(Scan *s, const uint8_t *start, const uint8_t *stop)
{
    if (!s->thorough || !sampled(start, stop))
        return 0;
    if (!latin(start, stop))
        return 1;
    if (!s->latin++)
        s->latin_line = s->line;
    return 0;
}

/* The outline of a line, if it is known. */
static Known *known(Scan *s)
{
    uint64_t size = s->outline_size, digest = lines_digest(s->outline, size);
    uint64_t n = 0;
    while (n < s->knows && s->digests[n] != digest)
        n++;
    Known *k = s->known + n;
    return n < s->knows && k->size == size && memcmp(k->outline, s->outline, size) == 0 ? k : NULL;
}

/* Whether a NUL is in what a line with an outline asks or answers. */
static int asks_nul(const Scan *s, const Outline *o, const Known *k)
{
    if (o->r.odd & HAS_NUL)
        for (uint64_t i = 0; i < k->pieces; i++) {
            Said said = o->notes->said[k->text[i]];
            if (memchr(s->texts + said.at, 0, said.size))
                return 1;
        }
    return 0;
}

/* Sets the NULs in the texts of a line aside, so that only what joins them is zero. */
static void set_aside_nuls(const Scan *s, const Outline *o)
{
    for (uint64_t n = 0; n < o->r.texts; n++) {
        Said said = o->notes->said[n];
        for (uint8_t *p = s->texts + said.at, *end = p + said.size; p < end; p++)
            *p = *p ? *p : SET_ASIDE;
    }
}

/* Writes which buckets the media of a line lie in, from a place on, but for those that are surely handed over already. */
static uint64_t write_buckets(const Scan *s, const Outline *o, uint64_t at, int counted)
{
    for (unsigned n = 0; n < o->buckets; n++) {
        const Bucket *b = o->notes->buckets + n;
        Bucket *met = o->notes->counted + lines_digest(b->name, b->size) % BUCKETS;
        if (met->size == b->size && memcmp(met->name, b->name, b->size) == 0)
            continue;
        if (counted)
            *met = *b;
        memcpy(s->buckets + at, &s->line, sizeof s->line);
        memcpy(s->buckets + at + sizeof s->line, b, 1u + b->size);
        at += sizeof s->line + 1 + b->size;
    }
    return at;
}

/* Counts a line whose outline is known, or each part of it, and says why it is worth a check; 0 when it is not known. */
static int settled(Scan *s, const Outline *o, const uint8_t *start, const uint8_t *stop)
{
    Parted parted;
    Verdict verdict;
    Known parts, *k = &parts;
    uint64_t unseen = s->why & UNSEEN;
    int other = s->format > PAIR;
    uint64_t size = (uint64_t)(stop - start) + 1;
    int whole = 0, by_rules = (o->r.odd || o->doubled || o->sorted || other) && judged(s, o, size, &verdict, k); /* only so it is known which texts are read, or what is there twice */
    if (!by_rules && (o->doubled || o->sorted || other))
        return 0;
    if (!by_rules) {
        k = known(s);
        whole = k != NULL;
        if (!whole && !known_by_parts(s, o, &parted, k = &parts) && !(by_rules = judged(s, o, size, &verdict, k)))
            return 0;
    }
    if (names_nul(s, by_rules ? verdict.odd : o->r.odd))
        return 0;
    if (by_rules)
        unseen = !k->readable && s->reports_unseen && verdict.odd && !(verdict.odd & SURELY && s->counts_unseen);
    if (k->readable ? !joined(s, o, k) : unseen != 0)
        return 0;
    if (whole)
        k->times++;
    else if (by_rules)
        count_verdict(s, &verdict);
    else
        count_elements(s, &parted);
    s->why = 0;
    if (k->readable) {
        s->buckets_size = write_buckets(s, o, s->buckets_size, 1);
        s->why = whole && !asks_nul(s, o, k) ? unseen : unseen_counted(s, by_rules ? verdict.odd : o->r.odd);
        s->why |= count(s, s->joined, (unsigned)k->system);
        if (s->thorough && o->why && privately(s, s->joined))
            s->why |= private_counted(s);
        if (s->prompt_size + s->answer_size > s->long_text)
            s->why |= TOO_LONG;
        if (asks_script(s, start, stop))
            s->why |= SCRIPT;
        s->in_joined = 1;
    } else {
        s->records++;
        if (by_rules)
            unseen_counted(s, verdict.odd);
    }
    return 1;
}

/* Whether nothing is in a line, or nothing but Ctrl-Z, as scan.py has it. */
static int empty(const uint8_t *p, const uint8_t *stop)
{
    while (*p == '\v' || *p == '\f' || *p == ' ' || *p == '\t' || *p == '\r')
        p++;
    if (p == stop)
        return BLANK;
    if (*p != 0x1a)
        return 0;
    while (*p == 0x1a)
        p++;
    return p + (*p == '\r') == stop ? CTRL_Z : 0;
}

/* An outline that holds nothing yet. */
static void begin(Outline *o, Scan *s, const uint8_t *start, int names_tools)
{
    o->s = s;
    o->notes = s->notes;
    o->start = start;
    o->r = (Reader){.base = s->texts, .out = s->texts, .last = s->texts};
    forget(&o->notes->ids);
    forget(&o->notes->names);
    o->names_tools = names_tools;
    o->misnamed = o->any_raw = o->configured = 0;
    o->buckets = o->doubled = 0;
    o->sorted = 0;
    o->tools_text = o->reference_text = -1;
    o->apart[0] = o->apart[1] = NULL;
    o->out = s->outline;
    o->full = s->outline + s->outline_room;
    o->why = 0;
}

#include "unreadable.h"

/* Notes the buckets of a block's media. */
static int note_buckets(Outline *o, const uint8_t *block_at)
{
    Known k = {.size = 0};
    Verdict v = {.s = o->s, .o = o, .readable = 1, .k = &k};
    other_block(&v, block_at, USER, o);
    return !v.unsure;
}

/* Writes the outline of a line, with the names of its tools if something is wrong with them. */
static const uint8_t *described(Outline *o, Scan *s, const uint8_t *p)
{
    unsigned where = s->format > DISTILLATION ? OTHER_RECORD : RECORD;
    const uint8_t *after = any(o, p, 0, where);
    if (!o->misnamed && (!after || !o->configured || all_declared(o)))
        return after;
    begin(o, s, o->start, 1);
    return any(o, p, 0, where);
}

/* What becomes of a line that is not certain: its outline says, if it can have one. */
static int asked(Scan *s, const uint8_t *start, const uint8_t *stop)
{
    int crlf = stop > start && stop[-1] == '\r';
    Outline o;
    begin(&o, s, start, 0);
    s->element_size = 0;
    const uint8_t *p = space(start);
    int nothing = empty(p, stop);
    if (nothing) {
        s->blank_lines += nothing == BLANK;
        s->ctrl_z += nothing == CTRL_Z;
        s->crlf += (uint64_t)(crlf && nothing == BLANK);
        return DONE;
    }
    p = *p == '{' ? described(&o, s, p) : NULL;
    if (!p || space(p) != stop) {
        if (!count_unreadable(s, &o, start, stop - crlf, stop))
            return ASK;
        s->records++;
        s->crlf += (uint64_t)crlf;
        return DONE;
    }
    s->outline_size = (uint64_t)(o.out - s->outline);
    s->texts_size = (uint64_t)(o.r.out - s->texts);
    s->why = TOO_LONG | o.why | (o.r.odd && s->reports_unseen ? UNSEEN : 0) | (s->thorough && sampled(start, stop - crlf) ? SCRIPT : 0);
    if (o.any_raw || !settled(s, &o, start, stop - crlf)) {
        if (o.doubled || o.sorted || s->format > PAIR)
            return ASK; /* the line itself, for its outline shows less */
        if (o.r.odd & HAS_NUL)
            set_aside_nuls(s, &o);
        s->its_buckets = s->buckets_size;
        s->its_buckets_end = write_buckets(s, &o, s->buckets_size, 0);
        return OUTLINED;
    }
    s->crlf += (uint64_t)crlf;
    return s->why ? LOOK : DONE;
}

/* Passes over sound lines, and over those whose outline is known. Returns at one that the exact way must decide, by itself (ASK) or its outline
 * (OUTLINED), or that is too long to be a record (LONG), none of them counted but as a line; at a sound one that is worth a look (LOOK),
 * counted; when `kept` or the buckets have to be taken away (FULL); or at the end (DONE). */
int lines_next(Scan *s)
{
    while (s->at < s->end) {
        if (s->kept == s->room || s->buckets_size >= s->buckets_full)
            return FULL;
        const uint8_t *start = s->data + s->at;
        Reader r = {.base = s->texts, .out = s->texts, .last = s->texts};
        unsigned system = 0;
        const uint8_t *stop = s->format > PAIR ? NULL : s->pairs ? pair(s, &r, start) : conversation(s, &r, start, &system);
        int found = stop && !names_nul(s, r.odd) ? DONE : ASK;
        if (!stop)
            stop = memchr(start, '\n', (size_t)(s->end - s->at));
        s->line++;
        s->in_joined = 0;
        s->start = s->at;
        s->stop = (uint64_t)(stop - s->data);
        s->at = s->stop + 1;
        if (s->at - s->start > s->longest_line)
            return LONG;
        if (found == ASK) {
            if ((found = asked(s, start, stop)) != DONE)
                return found;
            continue;
        }
        const uint8_t *prompt = s->texts + s->prompt_at, *answer = s->texts + s->answer_at;
        memset(s->counts, 0, sizeof s->counts);
        if (s->thorough || *s->words)
            found = gone_through(s, prompt, prompt + s->prompt_size, s->counts);
        if (s->thorough && found != ASK) {
            found = gone_through(s, answer, answer + s->answer_size, s->counts);
        }
        if (found == ASK) {
            if ((found = asked(s, start, stop)) != DONE)
                return found;
            continue;
        }
        s->characters = (uint64_t)(r.out - r.base) - r.beside;
        s->why = (found == LOOK ? private_counted(s) : 0) | unseen_counted(s, r.odd);
        s->why |= count(s, s->texts, system);
        int crlf = stop[-1] == '\r';
        s->crlf += (uint64_t)crlf;
        if (s->prompt_size + s->answer_size > s->long_text)
            s->why |= TOO_LONG;
        if (asks_script(s, start, stop - crlf))
            s->why |= SCRIPT;
        if (s->why)
            return LOOK;
    }
    return DONE;
}
