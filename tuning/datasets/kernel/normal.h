/* Texts as near ones have them in common; same.py defines it. Included by lines.c.
 *
 * Most letters become what they become by themselves. Where letters and marks compose, all that compose are taken
 * together. What is not certain here (what is newer than the tables) is NULL, and Python does it.
 */

/* What becomes of a character: combining class, whether it may compose with what is before it, whether it is a letter or
 * digit, and how many of the pool from `at` on it decomposes to, and then folds to. */
typedef struct {
    uint8_t order, joins, letter, apart, folded;
    uint16_t at;
} Entry;

typedef struct {
    uint32_t first, second, both;
} Composed;

#include "folds.h"

enum { UNKNOWN = 2 }; /* the entry of what was assigned later than the tables know */
enum { LONGEST_RUN = 30, RUN_ROOM = 4 * LONGEST_RUN + 8 }; /* marks that compose together; same.py has it too */
enum { GROWTH = 3 }; /* times its bytes that a text's normal form may take; a test compares */

static inline unsigned entry_of(uint32_t c) { return ENTRY_OF[BLOCKS_OF[c >> 7] * 128 + (c & 127)]; }

static inline int bit(const uint64_t *map, uint32_t c) { return map[c >> 6] >> (c & 63) & 1; }

/* White space beyond ASCII, as Python's `str.split` has it. */
static inline int wide_space(uint32_t c)
{
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* The character at p, of sound UTF-8 beyond ASCII, and its size. */
static inline uint32_t decoded(const uint8_t *p, unsigned *size)
{
    if (*p < 0xe0) {
        *size = 2;
        return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    }
    if (*p < 0xf0) {
        *size = 3;
        return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    }
    *size = 4;
    return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 |
           (p[3] & 0x3f);
}

/* What a character folds to, or 0; `*marks` says that it is a mark, which must not follow another. */
static inline uint32_t folded(uint32_t c, int *marks)
{
    uint32_t to = 0;
    *marks = 0;
    if (c < 0x800)
        to = FOLD[c - 0x80];
    else if (c >= 0x1e00 && c < 0x1f00)
        to = FOLD_LATIN[c - 0x1e00];
    else if (c < 0x10000)
        to = bit(PLAIN, c) ? c : 0;
    else if ((c >= 0x1f300 && c < 0x1fb00) || (c >= 0x20000 && c < 0x2a6d7)) /* pictures, rare Han */
        return c;
    if (!to && c < 0x10000 && bit(MARK, c)) {
        *marks = 1;
        return c;
    }
    return to;
}

static inline uint8_t *encoded(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (uint8_t)c;
    } else if (c < 0x800) {
        *out++ = (uint8_t)(0xc0 | c >> 6);
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out++ = (uint8_t)(0xe0 | c >> 12);
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
    } else {
        *out++ = (uint8_t)(0xf0 | c >> 18);
        *out++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
    }
    return out;
}

/* ---- what composes -------------------------------------------------------------------------------- */

static uint32_t both_of(uint32_t a, uint32_t b)
{
    if (a >= 0x1100 && a < 0x1113 && b >= 0x1161 && b < 0x1176) /* Hangul: a consonant and a vowel, then a final */
        return 0xac00 + ((a - 0x1100) * 21 + (b - 0x1161)) * 28;
    if (a >= 0xac00 && a < 0xd7a4 && (a - 0xac00) % 28 == 0 && b > 0x11a7 && b < 0x11c3)
        return a + (b - 0x11a7);
    size_t from = 0, to = sizeof PAIRS / sizeof *PAIRS;
    while (from < to) {
        size_t mid = (from + to) / 2;
        const Composed *pair = PAIRS + mid;
        if (pair->first < a || (pair->first == a && pair->second < b))
            from = mid + 1;
        else
            to = mid;
    }
    const Composed *pair = PAIRS + from;
    return from < sizeof PAIRS / sizeof *PAIRS && pair->first == a && pair->second == b ? pair->both : 0;
}

/* A letter and the marks on it, so far. */
typedef struct {
    uint8_t *out;
    uint32_t letter; /* 0 for none */
    unsigned count;
    uint32_t marks[RUN_ROOM];
} Cluster;

static void put_letter(Cluster *k)
{
    if (k->letter)
        k->out = encoded(k->out, k->letter);
    k->letter = 0;
}

/* What is no mark comes after all that is there: it composes, or what is there is written. */
static void add_letter(Cluster *k, uint32_t c, int beside)
{
    uint32_t both = k->letter && beside ? both_of(k->letter, c) : 0;
    if (both) {
        k->letter = both;
        return;
    }
    put_letter(k);
    k->letter = c;
}

/* Puts the marks in order, and composes what composes; gives whether none is left between letter and what follows. */
static int settle_marks(Cluster *k)
{
    uint32_t left[RUN_ROOM];
    unsigned kept = 0;
    int last = 0;
    for (unsigned i = 1; i < k->count; i++) { /* of one class they stay in order */
        uint32_t c = k->marks[i];
        unsigned order = ENTRIES[entry_of(c)].order, n = i;
        for (; n && ENTRIES[entry_of(k->marks[n - 1])].order > order; n--)
            k->marks[n] = k->marks[n - 1];
        k->marks[n] = c;
    }
    for (unsigned i = 0; i < k->count; i++) {
        uint32_t c = k->marks[i], both;
        const Entry *e = ENTRIES + entry_of(c);
        if (e->folded) { /* iota below, the last in its order, becomes a letter */
            c = POOL[e->at];
            int beside = !kept;
            if (kept) {
                put_letter(k);
                for (unsigned n = 0; n < kept; n++)
                    k->out = encoded(k->out, left[n]);
                kept = 0;
            }
            add_letter(k, c, beside);
            last = 0;
            continue;
        }
        both = k->letter && (!kept || last < e->order) ? both_of(k->letter, c) : 0;
        if (both) {
            k->letter = both;
        } else {
            left[kept++] = c;
            last = e->order;
        }
    }
    k->count = 0;
    if (kept) {
        put_letter(k);
        for (unsigned n = 0; n < kept; n++)
            k->out = encoded(k->out, left[n]);
    }
    return !kept;
}

/* Adds a character of a text: its parts, each folded. */
static void add(Cluster *k, uint32_t c)
{
    unsigned n = entry_of(c);
    const Entry *e = ENTRIES + n;
    uint32_t hangul[3], itself = c;
    const uint32_t *parts = &itself;
    unsigned count = 1;
    if (c >= 0xac00 && c < 0xd7a4) {
        c -= 0xac00;
        hangul[0] = 0x1100 + c / 588;
        hangul[1] = 0x1161 + c % 588 / 28;
        hangul[2] = 0x11a7 + c % 28;
        parts = hangul;
        count = c % 28 ? 3 : 2;
    } else if (e->apart) {
        parts = POOL + e->at;
        count = e->apart;
    }
    for (unsigned i = 0; i < count; i++) {
        e = ENTRIES + entry_of(parts[i]);
        if (e->order) {
            k->marks[k->count++] = parts[i];
            continue;
        }
        int beside = settle_marks(k);
        if (!e->folded)
            add_letter(k, parts[i], beside);
        for (unsigned n = 0; n < e->folded; n++)
            add_letter(k, POOL[e->at + n], beside && !n);
    }
}

/* Takes a character and all after it that may compose with it, together with what was written before it, not beyond
 * `floor`; gives what is after them, and where a run of marks was cut. NULL when it is not certain. */
static const uint8_t *composed(uint8_t **out, uint8_t **floor, const uint8_t *p, const uint8_t *end)
{
    Cluster k = {.out = *out};
    uint32_t before[LONGEST_RUN + 1], c;
    unsigned held = 0, run = 0, size = 1;
    c = *p > 0x7f ? decoded(p, &size) : *p;
    if (ENTRIES[entry_of(c)].joins)
        do { /* back to the letter */
            if (k.out == *floor || held == LONGEST_RUN + 1)
                break;
            while (follows(*--k.out))
                ;
            unsigned n = 1;
            before[held++] = *k.out > 0x7f ? decoded(k.out, &n) : *k.out;
        } while (ENTRIES[entry_of(before[held - 1])].order);
    while (held) {
        c = before[--held];
        run += ENTRIES[entry_of(c)].order > 0;
        add(&k, c);
    }
    for (int later = 0; p < end && *p; later = 1) {
        c = *p > 0x7f ? decoded(p, &size) : (size = 1, *p);
        const Entry *e = ENTRIES + entry_of(c);
        if (entry_of(c) == UNKNOWN)
            return NULL;
        if (later && !e->joins)
            break;
        if (e->order && run == LONGEST_RUN) {
            settle_marks(&k);
            put_letter(&k);
            *floor = k.out;
            run = 0;
        }
        run = e->order ? run + 1 : 0;
        add(&k, c);
        p += size;
    }
    settle_marks(&k);
    put_letter(&k);
    *out = k.out;
    return p;
}

/* Goes on behind a letter, through letters that become what they become by themselves, and single spaces before such. */
static inline const uint8_t *words_on(uint8_t **to, const uint8_t *p, const uint8_t *end)
{
    uint8_t *out = *to;
    while (p < end) {
        if (*p >= 0xc4 && *p < 0xe0) {
            uint32_t c = FOLD[((uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f)) - 0x80];
            if (!c)
                break;
            out = encoded(out, c);
            p += 2;
        } else if (*p >= 0xe3 && *p < 0xed && (*p > 0xe3 || p[1] > 0x80)) { /* from kana on: no white space */
            unsigned size;
            if (!bit(PLAIN, decoded(p, &size)))
                break;
            memcpy(out, p, 4);
            p += 3;
            out += 3;
        } else if (*p == ' ' && p + 1 < end && p[1] >= 0xc4 && p[1] != 0xe2 && out[-1] != ' ') {
            *out++ = ' ';
            p += 1;
        } else {
            break;
        }
    }
    *to = out;
    return p;
}

/* Writes the normal form of texts that zeros join, at most GROWTH times as long as they are but for a block at the end;
 * gives where it ends, or NULL. */
static uint8_t *normalised(uint8_t *out, const uint8_t *p, const uint8_t *end)
{
    uint8_t *begin = out, *floor = out; /* of the text at hand, and of what may compose */
    int mark = 0;
    while (p < end) {
        if (*p == MARKED && out == begin) { /* what only compares */
            const uint8_t *zero = memchr(p, 0, (size_t)(end - p)), *stop = zero ? zero : end;
            memmove(out, p, (size_t)(stop - p));
            out += stop - p;
            p = stop;
            if (zero) {
                *out++ = 0;
                p++;
            }
            begin = floor = out;
            mark = 0;
            continue;
        }
        Block b = block(p), next = block(p + 1), blank = all(' ');
        Block low = b | (((b - all('A')) < all(26)) & all(0x20));
        memcpy(out, &low, sizeof low);
        Block stop = (b < blank) | ((b == blank) & (next == blank));
        if (beyond(b)) /* letters of Latin-1 in lower case are as they will be */
            stop |= (b > all(0x7f)) & ~pairs(b, next, 0xa0);
        unsigned n = first(stop);
        if (*p == ' ' && (out == begin || out[-1] == ' '))
            n = 0;
        if (n) {
            if ((size_t)(end - p) < n)
                n = (unsigned)(end - p);
            p += n;
            out += n;
            mark = 0;
            continue;
        }
        uint32_t c = *p;
        unsigned size = 1;
        if (c > 0x7f)
            c = decoded(p, &size);
        p += size;
        if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f) || (c > 0x7f && wide_space(c))) {
            if (out > begin && out[-1] != ' ')
                *out++ = ' ';
            mark = 0;
        } else if (!c) {
            out -= out > begin && out[-1] == ' ';
            *out++ = 0;
            begin = floor = out;
            mark = 0;
        } else if (c < 0x80) {
            *out++ = (uint8_t)c;
            mark = 0;
        } else {
            int marks;
            uint32_t to = folded(c, &marks);
            if (to && !(marks && mark)) {
                out = encoded(out, to);
                mark = marks;
                if (!marks)
                    p = words_on(&out, p, end);
            } else {
                if (!(p = composed(&out, &floor, p - size, end)))
                    return NULL;
                mark = 0;
            }
        }
    }
    return out - (out > begin && out[-1] == ' ');
}
