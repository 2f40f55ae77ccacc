/* What is wrong with a record of texts, rule by rule, once enough is listed of each rule. Included by lines.c.
 *
 * An outline that is met for the first time is diagnosed in Python, which costs as much as a hundred sound lines. Where each record is
 * wrong in another way (keys, roles or versions of its own, another shape), each outline is. So what Python finds is found here too, but
 * only how often each rule is broken: not a word is said of it. The functions have the names and the order of
 * those in Python (converse_records.py, content_blocks.py, flat_records.py, walk.py, looks.py), which are what holds; where
 * something is not certain here, Python decides.
 */

/* As `COUNTED_RULES` in __init__.py has them. */
enum { R202, R301, R302, R303, R304, R305, R306, R307, R308, R113, R309, R410, R501, R502, R503, R504, R505, R506, R507, R509, R401, R402, R403, R404, R405, R406, R407, R408, R413,
       R409, R411, R412, R414, R415, R416, R417, R418, R419, R420, R421, R422, R605, R609, JUDGED };
enum { LONGEST_NAME = 30, MOST_NAMES = 16, MOST_FIELDS = 64, SOME = 8, FEW = 64, UNSURE = -2 };

typedef struct {
    const Scan *s;
    const Outline *o;
    uint64_t times[JUDGED];
    uint64_t nested; /* keys that are there twice */
    uint64_t contested, media[3]; /* what AWS's pages disagree on, a bit each; media by their kind */
    uint64_t halves; /* strings that hold half of a character */
    uint64_t odd;    /* what nobody sees in the texts that are read, as in Reader */
    uint64_t undeclared, misplaced; /* uses of tools that are not declared; uses and results that are not where they belong */
    int all_named; /* whether the names of all declared tools are known */
    int unsure, readable, foreign;
    Known *k;
    uint32_t *text;
} Verdict;

static int unsure(Verdict *v)
{
    v->unsure = 1;
    return 0;
}

/* ---- walking an outline ---------------------------------------------------------------------------- */

/* A member of an object, from its key's quote on; what follows the last one is no member. */
typedef struct {
    const uint8_t *key, *value, *end;
} Pair;

/* Past what says that a block only compares. */
static const uint8_t *unmarked(const uint8_t *p) { return *p == 1 || *p == 2 ? p + 1 + WIDTH : p; }

static Pair pair_at(const uint8_t *p)
{
    if (*p != '"')
        return (Pair){NULL, p, p};
    const uint8_t *value = skipped(p) + 1, *end = skipped(unmarked(value));
    return (Pair){p, value, end};
}

static Pair pair_after(Pair m) { return pair_at(m.end + (*m.end == ',')); }

#define EACH_PAIR(m, object) for (Pair m = pair_at((object) + 1); m.key; m = pair_after(m))
#define EACH_ITEM(p, list) for (const uint8_t *p = (list) + 1; *p != ']'; p = skipped(unmarked(p)), p += *p == ',')

static size_t size_of(Pair m) { return (size_t)(m.value - m.key) - 1; }

static int same_key(Pair m, Pair n) { return size_of(m) == size_of(n) && memcmp(m.key, n.key, size_of(m)) == 0; }

/* The value that a key has in the end, or NULL. */
static const uint8_t *got(const uint8_t *object, const char *quoted)
{
    const uint8_t *found = NULL;
    size_t size = strlen(quoted);
    EACH_PAIR(m, object)
        if (size_of(m) == size && memcmp(m.key, quoted, size) == 0)
            found = m.value;
    return found;
}

/* The members of an object that are named like one before them. */
typedef struct {
    unsigned count;
    Pair at[FEW];
} Repeats;

static Repeats repeated(Verdict *v, const uint8_t *object)
{
    Ids *met = &v->o->notes->keys;
    Repeats r;
    Pair some[SOME];
    unsigned count = 0, doubtful = 0;
    r.count = 0;
    EACH_PAIR(m, object) { /* mostly there are few, and none of them twice */
        for (unsigned i = 0; i < count && !doubtful; i++)
            doubtful = (unsigned)same_key(some[i], m);
        doubtful |= count == SOME;
        if (doubtful)
            break;
        some[count++] = m;
    }
    if (!doubtful)
        return r;
    EACH_PAIR(m, object) {
        unsigned before = met->count;
        if (nth(met, m.key, size_of(m)) == MOST_IDS || r.count == FEW)
            unsure(v);
        else if (met->count == before)
            r.at[r.count++] = m;
    }
    forget(met);
    return r;
}

/* Whether a member is named like an earlier one, or a later one takes its place. */
static int again(const Repeats *r, Pair m)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->at[i].key == m.key)
            return 1;
    return 0;
}

static int replaced(const Repeats *r, Pair m)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->at[i].key > m.key && same_key(r->at[i], m))
            return 1;
    return 0;
}

/* Whether half of a character is in a string. */
static int has_half(const uint8_t *p)
{
    for (p++; *p != '"'; p++) {
        if (STARTS(p, "\\ud"))
            return 1;
        p += *p == '\\';
    }
    return 0;
}

static void twice(Verdict *v, const uint8_t *p);

/* The same in a value, for what it is. */
static void twice_in(Verdict *v, const uint8_t *p)
{
    if (p == v->o->apart[0] || p == v->o->apart[1] || *p == 1 || *p == 2)
        return; /* is in its canonical form, which has no key twice */
    if (*p == '{' || *p == '[')
        twice(v, p);
    else if (*p == '"' && v->o->r.halves)
        v->halves += (uint64_t)has_half(p);
}

/* Counts keys that are there twice, and where it is asked for halves of characters, in all that an object or a list holds in the end. */
static void twice(Verdict *v, const uint8_t *p)
{
    if (*p == '[') {
        EACH_ITEM(item, p)
            twice_in(v, item);
        return;
    }
    Repeats more = repeated(v, p);
    v->nested += more.count;
    EACH_PAIR(m, p) {
        if (replaced(&more, m))
            continue;
        if (v->o->r.halves)
            v->halves += (uint64_t)has_half(m.key);
        twice_in(v, m.value);
    }
}

/* ---- near misses, as difflib has them ----------------------------------------------------------------- */

/* A word as it is and, where that is certain, as it is without white space around and without case; of one that is too long to be
 * near a name the size is enough. */
typedef struct {
    uint32_t sign[LONGEST_NAME + 1], folded[3 * (LONGEST_NAME + 1)];
    size_t size, folds;
} Word;

static int space_sign(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* A sign as str.casefold has it, but that signs beyond ASCII only have to differ from those of names; gives how many
 * they are, 0 when that is not certain. */
static size_t case_folded(uint32_t c, uint32_t *out)
{
    static const struct {
        uint32_t sign;
        const char *as; /* * is one beyond ASCII */
    } known[] = {{0xdf, "ss"}, {0x130, "i*"}, {0x149, "*n"}, {0x17f, "s"}, {0x1f0, "j*"}, {0x1e96, "h*"}, {0x1e97, "t*"}, {0x1e98, "w*"},
                 {0x1e99, "y*"}, {0x1e9a, "a*"}, {0x1e9e, "ss"}, {0x212a, "k"}, {0xfb00, "ff"}, {0xfb01, "fi"}, {0xfb02, "fl"},
                 {0xfb03, "ffi"}, {0xfb04, "ffl"}, {0xfb05, "st"}, {0xfb06, "st"}};
    if (c < 0x80) {
        *out = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
        return 1;
    }
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].sign == c) {
            size_t size = strlen(known[i].as);
            for (size_t n = 0; n < size; n++)
                out[n] = known[i].as[n] == '*' ? UINT32_MAX : (uint32_t)known[i].as[n];
            return size;
        }
    if (c == 0x390 || c == 0x3b0 || c == 0x587 || (c >= 0x1f50 && c <= 0x1fff) || (c >= 0xfb13 && c <= 0xfb17))
        return 0; /* several signs */
    *out = UINT32_MAX;
    return 1;
}

/* Reads a string of the outline; 0 when something is not certain. */
static int worded_as(Word *w, const uint8_t *p)
{
    const uint8_t *end = skipped(p) - 1;
    size_t all = 0, kept = 0, last = 0; /* of kept signs, those up to the last that is no space */
    uint32_t sign[LONGEST_NAME + 1];
    for (p++; p < end; all++) {
        unsigned size = 1;
        uint32_t c = *p;
        if (c == '\\') {
            c = meant(&p);
            size = 0;
        } else if (c > 0x7f) {
            c = decoded(p, &size);
        }
        p += size;
        if (all <= LONGEST_NAME)
            w->sign[all] = c < 0x80 ? c : UINT32_MAX;
        int blank_sign = space_sign(c);
        if (blank_sign && !kept)
            continue;
        if (kept <= LONGEST_NAME)
            sign[kept] = c;
        kept++;
        if (!blank_sign)
            last = kept;
    }
    w->size = all;
    w->folds = last;
    if (last > LONGEST_NAME)
        return 1;
    w->folds = 0;
    for (size_t i = 0; i < last; i++) {
        size_t more = case_folded(sign[i], w->folded + w->folds);
        if (!more)
            return 0;
        w->folds += more;
    }
    return 1;
}

/* How many signs match, as SequenceMatcher finds them: the longest block that both have, the first of several, and then what is
 * before it and behind. */
static size_t matching(const uint8_t *a, size_t a_size, const uint32_t *b, size_t b_size)
{
    size_t best = 0, best_a = 0, best_b = 0;
    for (size_t i = 0; i + best < a_size; i++)
        for (size_t j = 0; j + best < b_size; j++) {
            size_t n = 0;
            while (i + n < a_size && j + n < b_size && a[i + n] == b[j + n])
                n++;
            if (n > best) {
                best = n;
                best_a = i;
                best_b = j;
            }
        }
    if (!best)
        return 0;
    return best + matching(a, best_a, b, best_b) +
           matching(a + best_a + best, a_size - best_a - best, b + best_b + best, b_size - best_b - best);
}

/* No fewer than match: signs that both have, wherever they are. */
static size_t in_common(const uint8_t *a, size_t a_size, const uint8_t *of_sign)
{
    uint8_t left[128];
    size_t common = 0;
    for (size_t i = 0; i < a_size; i++)
        left[a[i]] = of_sign[a[i]];
    for (size_t i = 0; i < a_size; i++)
        common += left[a[i]] && left[a[i]]--;
    return common;
}

/* The nearest of some names, of which those of a mask are left out; -1 when none is near. */
static int nearest(const uint8_t *names, uint32_t without, const uint32_t *word, size_t size)
{
    int found = -1;
    double most = 0.6;
    const uint8_t *as = NULL;
    uint8_t of_sign[128] = {0};
    if (!size || size > LONGEST_NAME)
        return -1;
    for (size_t i = 0; i < size; i++)
        if (word[i] < 128)
            of_sign[word[i]]++;
    for (unsigned i = 0; *names; names += *names + 1u, i++) {
        size_t length = *names, less = size < length ? size : length;
        if (without >> i & 1 || 2.0 * (double)less / (double)(size + length) < most)
            continue;
        if (2.0 * (double)in_common(names + 1, length, of_sign) / (double)(size + length) < most)
            continue;
        double ratio = 2.0 * (double)matching(names + 1, length, word, size) / (double)(size + length);
        if (ratio < most || (ratio == most && as && strncmp((const char *)names + 1, (const char *)as + 1, length < *as ? length : *as) < 0))
            continue;
        most = ratio;
        found = (int)i;
        as = names;
    }
    return found;
}

/* The same of a string, as it is and then without its case. */
static int near_miss(Verdict *v, const uint8_t *names, uint32_t without, const uint8_t *string)
{
    Word w;
    if (!worded_as(&w, string)) {
        unsure(v);
        return -1;
    }
    int found = nearest(names, without, w.sign, w.size);
    return found >= 0 ? found : nearest(names, without, w.folded, w.folds);
}

/* ---- walk.py -------------------------------------------------------------------------------------------- */

static const uint8_t MESSAGE_NAMES[] = "\4role\7content", TEXT_NAMES[] = "\4text", ROLE_NAMES[] = "\4user\11assistant";

/* Which of some names a key is, or -1. */
static int named(const uint8_t *names, Pair m)
{
    size_t size = size_of(m) - 2;
    for (int i = 0; *names; names += *names + 1u, i++)
        if (*names == size && memcmp(names + 1, m.key + 1, size) == 0)
            return i;
    return -1;
}

/* What is wrong with the keys of an object, of which the first names are required; gives the values of those that are known. */
static void keys(Verdict *v, const uint8_t *object, const uint8_t *names, unsigned required, const uint8_t **values, int top)
{
    uint32_t there = 0;
    unsigned far = 0, differ = 0;
    int unknown = 0;
    EACH_PAIR(m, object) {
        int n = named(names, m);
        if (n >= 0) {
            values[n] = m.value;
            differ += !(there >> n & 1);
            there |= 1u << n;
        } else {
            unknown = 1;
        }
    }
    uint32_t missing = ((1u << required) - 1) & ~there;
    Repeats more;
    more.count = 0;
    if (unknown && v->nested)
        more = repeated(v, object);
    if (unknown)
        EACH_PAIR(m, object) {
            if (named(names, m) >= 0 || again(&more, m))
                continue;
            int meant_name = near_miss(v, names, there, m.key);
            v->times[R301]++;
            differ++;
            far += meant_name < 0;
            if (meant_name >= 0) {
                v->readable = 0;
                missing &= ~(1u << meant_name);
            }
        }
    for (; missing; missing &= missing - 1) {
        v->times[R302]++;
        v->readable = 0;
    }
    v->foreign |= top && far > 1 && far == differ;
}

/* Whether a value begins like those of a type; a fault when not. */
static int is_a(Verdict *v, const uint8_t *value, uint8_t begin)
{
    if (*value == begin)
        return 1;
    v->readable = 0;
    v->times[R303]++;
    return 0;
}

static int items(Verdict *v, const uint8_t *value)
{
    if (!is_a(v, value, '['))
        return 0;
    if (value[1] != ']')
        return 1;
    v->readable = 0;
    v->times[R307]++;
    return 0;
}

/* The reserved words in a text that says something, which the outline has behind its number. */
static void marks(Verdict *v, const uint8_t *p, int answer)
{
    if (*p != ' ')
        return;
    const Scan *s = v->s;
    uint64_t n = 0;
    p++;
    if (*p == 'x') {
        v->times[R413]++;
        return;
    }
    for (const uint8_t *w = s->words; *w; w += *w + 1, n++)
        if (memcmp(w + 1, p, *w) == 0 && p[*w] == '"') {
            v->times[n < s->refusing && !answer ? R406 : R413]++;
            return;
        }
    unsure(v);
}

/* The number of a text, from its opening quote on. */
static uint32_t number_of(const Verdict *v, const uint8_t *value)
{
    const uint8_t *p = value + 1;
    uint32_t number = 0;
    if (*p == 't')
        return numeral(p + 1);
    if (*p == '"') /* any that is empty */
        while (v->o->notes->said[number].size)
            number++;
    else
        for (unsigned i = 0; i < WIDTH; i++)
            number = 10 * number + (p[3 * i + 2] - 0x80u);
    return number;
}

/* A text that is a piece of what the record says; its number is noted. */
static void said(Verdict *v, const uint8_t *value, int answer)
{
    if (!is_a(v, value, '"'))
        return;
    if (value[1] == 't')
        marks(v, value + 2 + WIDTH, answer);
    else
        v->times[R405]++;
    v->text[v->k->pieces++] = number_of(v, value);
}

/* ---- flat_records.py, content_blocks.py, converse_records.py ------------------------------------------------ */

static void prompt_completion(Verdict *v, const uint8_t *record)
{
    const uint8_t *values[MOST_NAMES] = {NULL};
    keys(v, record, v->s->top, v->s->required, values, 1);
    if (values[0])
        said(v, values[0], 0);
    v->k->prompt = v->k->pieces;
    if (values[1])
        said(v, values[1], 1);
}

enum { NO_ROLE, USER, ASSISTANT };
enum { ONE_PROMPT = 2 }; /* turns: a prompt and, optionally, its answer */
enum { LEAST_BUCKET = 3 };

/* The reserved words in a text of a block, which is as it is. */
static void block_text(Verdict *v, const uint8_t *value)
{
    const Scan *s = v->s;
    if (!is_a(v, value, '"'))
        return;
    Reader r = {.base = s->joined, .out = s->joined, .last = s->joined};
    if ((uint64_t)(skipped(value) - value) > s->joined_room || !copied(&r, value)) {
        unsure(v);
        return;
    }
    if (blank(r.base, r.out)) {
        v->times[R405]++;
        return;
    }
    const uint8_t *word;
    int kind = *s->words ? held_word(s, r.base, r.out, &word) : NO_WORD;
    if (kind == NOT_SURE)
        unsure(v);
    v->times[R413] += kind != NO_WORD;
}

static void contest(Verdict *v, const uint8_t *quoted, size_t size)
{
    int n = named(v->s->subjects, (Pair){quoted, quoted + size + 1, NULL});
    if (n >= 0)
        v->contested |= (uint64_t)1 << n;
}

/* An address of S3; its bucket is noted when `note` is there. */
static void address_of(Verdict *v, const uint8_t *p, Outline *note)
{
    if (!is_a(v, p, '"'))
        return;
    const uint8_t *end = skipped(p) - 1, *bucket = p + 6, *q = bucket, *name;
    v->times[R506]++;
    if (!STARTS(p, "\"s3://"))
        return;
    while (q < end && (digit(*q) || (*q >= 'a' && *q <= 'z') || *q == '.' || *q == '-'))
        q++;
    if (q == end || *q != '/' || q - bucket < LEAST_BUCKET || q - bucket > LONGEST_BUCKET || *bucket == '.' || *bucket == '-' ||
        q[-1] == '.' || q[-1] == '-')
        return;
    size_t size = (size_t)(q - bucket);
    for (name = ++q; q < end && (dashed(*q) || *q == '/' || *q == '.');)
        q++;
    if (q < end || q == name || q[-1] == '/')
        return;
    v->times[R506]--;
    if (!note)
        return;
    if (note->buckets == MOST_MEDIA) {
        unsure(v);
        return;
    }
    Bucket *noted = &note->notes->buckets[note->buckets++];
    noted->size = (uint8_t)size;
    memcpy(noted->name, bucket, size);
}

static const uint8_t MEDIA_NAMES[] = "\6format\6source\4name", SOURCE_NAMES[] = "\12s3Location", PLACE_NAMES[] = "\3uri\13bucketOwner",
                     REASONING_NAMES[] = "\15reasoningText", THOUGHT_NAMES[] = "\4text\11signature";

static void source_of(Verdict *v, const uint8_t *source, Outline *note)
{
    const uint8_t *place[MOST_NAMES] = {NULL}, *held_at[MOST_NAMES] = {NULL};
    if (!is_a(v, source, '{'))
        return;
    if (got(source, "\"bytes\"")) {
        v->times[R509]++;
        return;
    }
    keys(v, source, SOURCE_NAMES, 1, place, 0);
    if (!place[0] || !is_a(v, place[0], '{'))
        return;
    keys(v, place[0], PLACE_NAMES, 1, held_at, 0);
    if (held_at[0])
        address_of(v, held_at[0], note);
    const uint8_t *owner = held_at[1];
    if (!owner) {
        v->times[R507]++;
    } else if (is_a(v, owner, '"')) {
        size_t digits_there = 0;
        while (digit(owner[1 + digits_there]))
            digits_there++;
        v->times[R506] += digits_there != 12 || owner[13] != '"';
    }
}

/* Media of a kind, by its number among those of blocks. */
static void media_of(Verdict *v, unsigned kind, const uint8_t *value, int role, Outline *note)
{
    static const uint8_t document_keys = 2;
    static const char *const kinds_of_media[] = {"\"image\"", "\"video\"", "\"document\""};
    const uint8_t *values[MOST_NAMES] = {NULL}, *quoted = (const uint8_t *)kinds_of_media[kind];
    int taken = named(v->s->offered, (Pair){quoted, quoted + strlen(kinds_of_media[kind]) + 1, NULL}) >= 0;
    v->k->system |= (uint64_t)IMAGE_PART << kind;
    v->times[R501] += !taken;
    v->times[R502] += taken && role == ASSISTANT;
    contest(v, quoted, strlen(kinds_of_media[kind]));
    if (!is_a(v, value, '{'))
        return;
    keys(v, value, kind == document_keys ? MEDIA_NAMES : (const uint8_t *)"\6format\6source", 2, values, 0);
    if (values[0] && taken && is_a(v, values[0], '"')) {
        const uint8_t *known_formats = v->s->formats[kind];
        v->times[R505] += *known_formats && named(known_formats, (Pair){values[0], skipped(values[0]) + 1, NULL}) < 0;
        contest(v, values[0], (size_t)(skipped(values[0]) - values[0]));
    }
    if (values[1])
        source_of(v, values[1], note);
}

static void reasoning_of(Verdict *v, const uint8_t *value, int role)
{
    const uint8_t *values[MOST_NAMES] = {NULL}, *inner[MOST_NAMES] = {NULL};
    v->times[R410] += role == USER;
    keys(v, value, REASONING_NAMES, 1, values, 0);
    if (!values[0] || !is_a(v, values[0], '{') || values[0][1] == '}')
        return;
    keys(v, values[0], THOUGHT_NAMES, 1, inner, 0);
    if (inner[0])
        block_text(v, inner[0]);
}

enum { REASONING_KIND = 3, TOOL_USE_KIND = 4 };

/* The canonical form of what only compares, by its number among the texts. */
static const uint8_t *canonical(const Verdict *v, uint32_t number) { return v->s->texts + v->o->notes->said[number].at + 1; }

static void tool_config(Verdict *v, uint32_t number);
static void tool_use(Verdict *v, const uint8_t *value, int role);
static void tool_result(Verdict *v, const uint8_t *value, int role);
static void called_by(Verdict *v, const uint8_t *object, unsigned at);
static void tools_together(Verdict *v, unsigned turns_there);

/* A block that is no text, or not only. `note` is where the buckets of its media are noted, or NULL. */
static void other_block(Verdict *v, const uint8_t *object, int role, Outline *note)
{
    static const uint8_t names[] = "\5image\5video\10document\20reasoningContent\7toolUse\12toolResult\4text";
    const uint8_t *value = NULL;
    Pair only = {NULL, NULL, NULL};
    unsigned there = 0, kinds_there = 0, kind = 0;
    EACH_PAIR(m, object) {
        int n = named(names, m);
        if (n < 0) {
            v->times[R301]++;
            continue;
        }
        there |= 1u << n;
        kinds_there++;
        kind = (unsigned)n;
        value = m.value;
        only = m;
    }
    for (unsigned n = 0; n < REASONING_KIND; n++)
        v->media[n] += there >> n & 1;
    if (kinds_there != 1) {
        EACH_PAIR(m, object)
            v->times[R301] -= named(names, m) < 0;
        v->times[R308]++;
        v->readable = 0;
        return;
    }
    if (kind < REASONING_KIND) {
        media_of(v, kind, value, role, note);
    } else if (named(v->s->offered, only) < 0) {
        v->times[R309]++;
    } else if (is_a(v, value, '{')) {
        v->k->system |= (uint64_t)IMAGE_PART << kind;
        if (kind == REASONING_KIND) {
            reasoning_of(v, value, role);
            return;
        }
        contest(v, (const uint8_t *)"\"tools\"", 7);
        (kind == TOOL_USE_KIND ? tool_use : tool_result)(v, value, role);
    }
}

static void block_of_turn(Verdict *v, const uint8_t *block_at, int role, unsigned at)
{
    const uint8_t *values[MOST_NAMES] = {NULL};
    if (*block_at == 1) {
        uint32_t number = numeral(block_at + 1);
        int tool = of_tools(unmarked(block_at));
        const uint8_t *object = tool ? canonical(v, number) : unmarked(block_at);
        v->text[v->k->pieces++] = number;
        other_block(v, object, role, NULL);
        if (tool)
            called_by(v, object, at);
        return;
    }
    if (!is_a(v, block_at, '{'))
        return;
    if (!got(block_at, "\"text\"")) {
        if (block_at[1] == '}')
            v->times[R308]++;
        else
            keys(v, block_at, v->s->offered, 0, values, 0);
        v->readable = 0;
        return;
    }
    keys(v, block_at, TEXT_NAMES, 1, values, 0);
    said(v, values[0], role == ASSISTANT);
}

/* What holds between the media of a record. */
static void together_of(Verdict *v)
{
    uint64_t kinds_there = v->k->system / IMAGE_PART & 7;
    if (!kinds_there)
        return;
    v->times[R503] += (kinds_there & (kinds_there - 1)) > 0;
    if (v->k->system & REASONING_PART)
        v->contested |= v->s->reasoned;
    for (unsigned n = 0; n < REASONING_KIND; n++)
        v->times[R504] += kinds_there >> n & 1 && v->media[n] > v->s->most[n];
}


static int role_of(Verdict *v, const uint8_t *role)
{
    if (!is_a(v, role, '"'))
        return NO_ROLE;
    if (STARTS(role, "\"user\""))
        return USER;
    if (STARTS(role, "\"assistant\""))
        return ASSISTANT;
    v->readable = 0;
    v->times[R401]++;
    return near_miss(v, ROLE_NAMES, 0, role) + 1;
}

/* What is wrong with the order of turns, but for the last. */
static void follows_role(Verdict *v, int before, int role, unsigned turn)
{
    if (!turn)
        v->times[R402] += role == ASSISTANT;
    else
        v->times[R403] += role && role == before;
}

static void messages_of(Verdict *v, const uint8_t *messages)
{
    int role = NO_ROLE;
    unsigned count = 0;
    uint64_t before = v->k->pieces;
    if (!items(v, messages))
        return;
    EACH_ITEM(message, messages) {
        const uint8_t *values[MOST_NAMES] = {NULL};
        int former = role;
        role = NO_ROLE;
        before = v->k->pieces;
        if (is_a(v, message, '{')) {
            keys(v, message, MESSAGE_NAMES, 2, values, 0);
            role = values[0] ? role_of(v, values[0]) : NO_ROLE;
            if (values[1] && items(v, values[1])) {
                unsigned items_there = 0;
                EACH_ITEM(item, values[1]) {
                    block_of_turn(v, item, role, count);
                    items_there++;
                }
                v->times[R308] += v->s->format == DISTILLATION && items_there > 1;
            }
        }
        follows_role(v, former, role, count++);
    }
    v->k->prompt = role == ASSISTANT ? before : v->k->pieces;
    if (v->s->format == DISTILLATION)
        v->times[R407] += count > ONE_PROMPT;
    else if (count == 1)
        v->times[R407]++;
    else
        v->times[R404] += role == USER;
    tools_together(v, count);
}

static void system_of(Verdict *v, const uint8_t *system)
{
    uint64_t count = 0;
    v->k->system |= SYSTEM_PART;
    if (!items(v, system))
        return;
    EACH_ITEM(item, system)
        count++;
    v->times[R408] += count > v->s->system_blocks;
    EACH_ITEM(item, system) {
        const uint8_t *values[MOST_NAMES] = {NULL};
        if (!is_a(v, item, '{'))
            continue;
        keys(v, item, TEXT_NAMES, 1, values, 0);
        if (values[0])
            said(v, values[0], 0);
    }
}

/* The names of a record's keys are in this order in `top`; see text_counts.py. */
enum { MESSAGES_KEY, VERSION_KEY, SYSTEM_KEY, TOOLS_KEY };
static const uint8_t RECORD_NAMES[] = "\10messages\15schemaVersion\6system\12toolConfig";

static void check_converse(Verdict *v, const uint8_t *record)
{
    const uint8_t *values[MOST_NAMES] = {NULL}, *version;
    keys(v, record, v->o->configured ? RECORD_NAMES : v->s->top, v->s->required, values, 1);
    if (!(version = values[VERSION_KEY])) {
        v->times[R305]++;
    } else if (*version != '"') {
        is_a(v, version, '"');
        v->readable = 1; /* as there */
    } else {
        v->times[R304] += !STARTS(version, VERSION);
    }
    if (values[SYSTEM_KEY])
        system_of(v, values[SYSTEM_KEY]);
    if (values[TOOLS_KEY])
        tool_config(v, numeral(values[TOOLS_KEY] + 1));
    v->k->prompt = v->k->pieces;
    if (values[MESSAGES_KEY])
        messages_of(v, values[MESSAGES_KEY]);
    together_of(v);
}

/* ---- looks.py, no_datasets.py --------------------------------------------------------------------------------- */

/* The first of `fields`, whose values matter; see looked_for in verdicts.py. */
enum { F_DATA, F_MESSAGES, F_SYSTEM, F_REFERENCE, F_LABEL, F_THUMBS, F_ERROR, F_MESSAGE, F_TOKENS, F_INPUT, F_TEXT };

typedef struct {
    uint64_t names; /* a bit for each field that is there */
    int others;     /* whether other keys are */
    const uint8_t *value[MOST_FIELDS];
} Looks;

static void check_other(Verdict *v, const uint8_t *record);
static int messages_of_another(const Scan *s, const Looks *l);

static int all_digits(Verdict *v, const uint8_t *object)
{
    int beyond_ascii = 0;
    EACH_PAIR(m, object) {
        if (size_of(m) < 3)
            return 0;
        for (const uint8_t *p = m.key + 1; p < m.key + size_of(m) - 1; p++) {
            if (*p < 0x80 ? !digit(*p) : (*p >= 0xc3 && *p < 0xd9) || (*p >= 0xe4 && *p < 0xea))
                return 0; /* nor is a letter of these a digit */
            beyond_ascii |= *p > 0x7f;
        }
    }
    if (beyond_ascii)
        unsure(v);
    return object[1] != '}';
}

static int same_names(const uint8_t *one, const uint8_t *other)
{
    Pair m = pair_at(one + 1), n = pair_at(other + 1);
    for (; m.key && n.key; m = pair_after(m), n = pair_after(n))
        if (!same_key(m, n))
            return 0;
    return !m.key && !n.key;
}

/* Whether a record holds whole columns of a table. */
static int columns(Verdict *v, const uint8_t *record, const Looks *l)
{
    unsigned count = 0, objects = 0, lists = 0, length = 0, odd = 0;
    const uint8_t *first_value = NULL;
    Repeats r = {.count = 0};
    if (v->nested)
        r = repeated(v, record);
    EACH_PAIR(m, record) {
        const uint8_t *first_one = first_value;
        if (replaced(&r, m) || *m.value == TOOLS_MARK)
            continue;
        first_value = first_value ? first_value : m.value;
        if (*m.value == '{' && objects == count) {
            objects += (unsigned)all_digits(v, m.value);
            odd |= first_one && !same_names(first_one, m.value);
        }
        if (*m.value == '[' && lists == count) {
            unsigned n = 0, plain_items = 1;
            EACH_ITEM(item, m.value) {
                n++;
                plain_items &= *item != '{';
            }
            lists += plain_items;
            odd |= first_one && n != length;
            length = n;
        }
        count++;
    }
    if ((v->nested || v->o->configured) && (objects == count || lists == count))
        unsure(v); /* keys within a column may be there twice, and tools be one */
    if (count < 2 || l->names >> F_TOKENS & 1)
        return 0;
    return !odd && (objects == count || (lists == count && length > 1));
}

static int calls(Pair m)
{
    static const uint8_t calling[] = "\12tool_calls\14tool_call_id\15function_call";
    return named(calling, m) >= 0;
}

/* Whether messages are in a format that is not the expected one. */
static int other_messages(const Scan *s, const Looks *l)
{
    const uint8_t *messages = l->value[F_MESSAGES];
    unsigned count = 0, texts = 0, lists = 0;
    if (!messages || *messages != '[' || messages[1] == ']')
        return 0;
    EACH_ITEM(message, messages)
        if (*message != '{')
            return 0;
    EACH_ITEM(message, messages) {
        const uint8_t *role = got(message, "\"role\""), *content = got(message, "\"content\"");
        EACH_PAIR(m, message)
            if (calls(m))
                return 1;
        if (role && (STARTS(role, "\"tool\"") || STARTS(role, "\"function\"") || (STARTS(role, "\"system\"") && !(l->names >> F_SYSTEM & 1))))
            return 1;
        count++;
        texts += content && *content == '"';
        if (!content || *content != '[')
            continue;
        lists++;
        EACH_ITEM(item, content)
            if (*unmarked(item) == '{' && got(unmarked(item), "\"type\""))
                return 1;
    }
    return texts == count || (s->pairs && lists == count);
}

static int is_bool(const uint8_t *value) { return value && (*value == 't' || *value == 'f'); }

/* Which rule says that the record is something else; -1 when none does. */
static int another(Verdict *v, const uint8_t *record)
{
    const Scan *s = v->s;
    Looks l = {.names = 0};
    EACH_PAIR(m, record) {
        int n = named(s->fields, m);
        if (n >= 0) {
            l.names |= (uint64_t)1 << n;
            l.value[n] = m.value;
        } else {
            l.others = 1;
        }
    }
    const uint8_t *data = l.value[F_DATA];
    if (data && STARTS(data, "[{") && got(data + 1, "\"paragraphs\"") && got(data + 1, "\"title\""))
        return R306;
    for (unsigned i = 0; i < s->no_datasets; i++)
        if ((s->signs[i] & ~l.names) == 0)
            return R306;
    if (!l.others && !(l.names & ~s->servers) && (l.names >> F_ERROR & 1 || (l.value[F_MESSAGE] && *l.value[F_MESSAGE] == '"')))
        return R113;
    if (columns(v, record, &l))
        return R306;
    for (unsigned i = s->no_datasets; i < s->datasets; i++)
        if ((s->signs[i] & ~l.names) == 0) {
            int expected = i == s->expected && !is_bool(l.value[F_LABEL]) && !is_bool(l.value[F_THUMBS]);
            return expected ? (v->foreign ? R306 : -1) : R306;
        }
    const uint8_t *text_value = l.value[F_TEXT];
    if (text_value && *text_value == '"' && memchr(text_value, TEMPLATE, (size_t)(skipped(text_value) - text_value)))
        return R306;
    uint64_t running = (uint64_t)1 << F_INPUT | (uint64_t)1 << F_TEXT;
    if (!l.others && !(l.names & ~running))
        return s->format == RAW_TEXT && !v->foreign ? -1 : R306;
    if ((s->format > DISTILLATION ? messages_of_another(s, &l) : other_messages(s, &l)) || v->foreign)
        return R306;
    return -1;
}

/* ---- diagnosis.py ----------------------------------------------------------------------------------------------- */

/* Judges a line of so many bytes by its outline; 0 when that is not certain, or findings of a rule are still to be listed. */
static int judged(Scan *s, const Outline *o, uint64_t size, Verdict *v, Known *k)
{
    const uint8_t *record = s->outline;
    *v = (Verdict){.s = s, .o = o, .readable = 1, .k = k, .text = o->notes->text};
    *k = (Known){.text = o->notes->text};
    if ((!s->enough && s->format <= PAIR) || o->r.texts >= PIECES)
        return 0;
    forget(&o->notes->uses);
    forget(&o->notes->offers);
    twice(v, record);
    if (v->unsure)
        return 0;
    if (s->format > DISTILLATION)
        check_other(v, record);
    else if (s->pairs)
        prompt_completion(v, record);
    else
        check_converse(v, record);
    int found = -1, any_fault = 0;
    for (unsigned i = 0; i < JUDGED; i++)
        any_fault |= v->times[i] > 0;
    if (any_fault && !v->readable && (found = another(v, record)) >= 0) {
        memset(v->times, 0, sizeof v->times);
        v->times[found] = 1;
    }
    v->times[R202] = v->nested + o->doubled;
    v->times[R605] = size > s->longest_record;
    if (o->r.odd)
        for (uint64_t i = 0; i < k->pieces; i++) {
            Said one = o->notes->said[v->text[i]];
            const uint8_t *piece = s->texts + one.at;
            if (one.size && *piece != MARKED && *piece != RAW)
                v->odd |= odd_in(piece, piece + one.size);
        }
    for (unsigned i = 0; i < JUDGED; i++)
        if (v->times[i] && s->asked >> i & ~s->enough >> i & 1)
            return 0;
    k->readable = (uint64_t)v->readable;
    return !v->unsure;
}

/* Counts what was found. */
static void count_verdict(Scan *s, const Verdict *v)
{
    for (unsigned i = 0; i < JUDGED; i++)
        s->judged[i] += s->asked >> i & 1 ? v->times[i] : 0;
    if (v->readable)
        count_contested(s, v->contested);
}
