/* Blocks of a record that are no text, such as tool uses and media, and the tools that it declares. Included by lines.c.
 *
 * What compares of a block is its canonical JSON, as Python's json.dumps(block, sort_keys=True, ensure_ascii=False,
 * separators=(",", ":")) writes it, except for numbers that are written in another way; it is among the texts, after a byte that says so. What is wrong with a block
 * depends on less: its outline has its keys and names, a number for each id of a tool use, and nothing of what
 * is only there. Whatever is not written the plain way is not certain here (NULL).
 */

enum { NEEDLES = 2048, NEEDLE_HEADS = 256, LONGEST_NUMBER = 400, LONGEST_WHOLE = 4000 };
enum { KEY_DEPTH = 1, BLOCK_DEPTH = 4 }; /* how many levels are around the value of a record's key, and around a block */

/* ---- canonical JSON ------------------------------------------------------------------------------ */

/* A sign that Python writes as an escape. */
static void spelt(Reader *r, uint8_t c)
{
    static const char signs[] = "\b\t\n\f\r\"\\", as[] = "btnfr\"\\", hex[] = "0123456789abcdef";
    const char *at = c ? strchr(signs, c) : NULL;
    *r->out++ = '\\';
    if (at) {
        *r->out++ = (uint8_t)as[at - signs];
        return;
    }
    memcpy(r->out, "u00", 3);
    r->out[3] = (uint8_t)hex[c >> 4];
    r->out[4] = (uint8_t)hex[c & 15];
    r->out += 5;
}

/* A string, copied; an escape is written as Python writes it. */
static const uint8_t *canon_string(Reader *r, const uint8_t *p)
{
    *r->out++ = *p++;
    for (;;) {
        Block b = block(p);
        unsigned plain_signs = first((b == all('"')) | (b == all('\\')) | (b < all(0x20)) | (b > all(0x7f)));
        memcpy(r->out, &b, sizeof b);
        p += plain_signs;
        r->out += plain_signs;
        if (plain_signs == 16)
            continue;
        if (*p == '"')
            break;
        if (*p == '\\') {
            if (p[1] && strchr("\"\\nrtbf", p[1])) {
                *r->out++ = *p++;
                *r->out++ = *p++;
                continue;
            }
            int32_t c = p[1] == 'u' ? hex4(p + 2) : 0x20;
            if (c < 0)
                return NULL;
            if (c < 0x20 || c == '"' || c == '\\') {
                spelt(r, (uint8_t)c);
                p += 6;
                continue;
            }
            const uint8_t *after = escape(r, p);
            if (!after && (!r->halves || p[1] != 'u'))
                return NULL;
            for (unsigned i = 0; !after && i < 6; i++)
                *r->out++ = p[i] | (i > 1 ? 0x20 : 0);
            p = after ? after : p + 6;
            continue;
        }
        unsigned size = *p < 0x80 ? 0 : sequence(p);
        if (!size)
            return NULL;
        for (; size; size--)
            *r->out++ = *p++;
    }
    *r->out++ = '"';
    return p + 1;
}

static const uint8_t *digits(const uint8_t *p)
{
    while (digit(*p))
        p++;
    return p;
}

/* What a number's digits say, without its exponent; `whole` is how many are before the point. */
static Figures figures_of(const uint8_t *p, const uint8_t *end, ptrdiff_t whole)
{
    Figures f = {.count = 0};
    int met = 0;
    for (ptrdiff_t power = whole - 1; p < end; p++) {
        if (*p == '.')
            continue;
        if (!met && *p != '0')
            f.tens = (int)power;
        met += met || *p != '0';
        if (met && met <= FIGURES)
            f.digit[met - 1] = (char)*p;
        f.count = *p == '0' ? f.count : met;
        power--;
    }
    return f;
}

/* A number of these figures in Python's way. Gives its size. */
static size_t written(char *out, int negative, const Figures *f)
{
    char *begin = out;
    if (negative)
        *out++ = '-';
    if (f->tens >= -4 && f->tens < 16) {
        int last = f->tens - f->count + 1 < -1 ? f->tens - f->count + 1 : -1; /* a digit is after the point */
        for (int power = f->tens > 0 ? f->tens : 0; power >= last; power--) {
            int n = f->tens - power;
            *out++ = n < 0 || n >= f->count ? '0' : f->digit[n];
            if (power == 0)
                *out++ = '.';
        }
        return (size_t)(out - begin);
    }
    *out++ = f->digit[0];
    if (f->count > 1) {
        *out++ = '.';
        memcpy(out, f->digit + 1, (size_t)f->count - 1);
        out += f->count - 1;
    }
    int power = f->tens < 0 ? -f->tens : f->tens;
    *out++ = 'e';
    *out++ = f->tens < 0 ? '-' : '+';
    if (power > 99)
        *out++ = (char)('0' + power / 100);
    *out++ = (char)('0' + power / 10 % 10);
    *out++ = (char)('0' + power % 10);
    return (size_t)(out - begin);
}

/* The next number of as many figures, away from zero; 0 when it has one more. */
static int step(char *made)
{
    for (char *p = strchr(made, 'e'); p-- > made;) {
        if (*p == '9')
            *p = '0';
        else if (digit((uint8_t)*p))
            return ++*p;
    }
    return 0;
}

/* The number of one figure less that is nearest to a value, from that of one more; a five may be less or more. */
static void shorten(char *made, size_t room, const char *longer, int figures, double value)
{
    size_t size = (size_t)(strchr(longer, 'e') - longer) - 1;
    memcpy(made, longer, size);
    strcpy(made + size, longer + size + 1);
    if (longer[size] == '5' || (longer[size] > '5' && !step(made)))
        snprintf(made, room, "%.*e", figures - 1, value);
}

/* Whether a number of 15 figures may be the same double as that of 17 with these last two: half the distance of two doubles is
 * less than 11 of the 17th figure. */
static int as_short(const char *longest)
{
    const char *end = strchr(longest, 'e');
    int last = 10 * (end[-2] - '0') + (end[-1] - '0');
    return last < 12 || last > 88;
}

/* The fewest figures that give the same double as a number; 0 when that is not certain. Of at most 15 there are no fewer,
 * but for the very smallest. A power of two has a nearer neighbour below than above, so that the nearest number of some
 * figures may be another double, and the next one this. Where a locale has another decimal sign, nothing is read. */
static int fewest(Notes *notes, const uint8_t *begin, size_t size, Figures *f)
{
    char text[LONGEST_NUMBER + 1], all[FIGURES + 1][32], *end;
    if (size > LONGEST_NUMBER)
        return 0;
    memcpy(text, begin, size);
    text[size] = 0;
    double value = strtod(text, &end);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits &= INT64_MAX;
    if (*end || bits >> 52 == 0x7ff)
        return 0;
    Double *met = &notes->doubles[fold(bits, ODD[0]) % DOUBLES];
    if (met->bits == bits && met->as.count) {
        *f = met->as;
        return 1;
    }
    int power_of_two = bits >> 52 && !(bits << 12);
    int figures = FIGURES, least = bits >> 52 ? 15 : 1;
    snprintf(all[figures], sizeof *all, "%.*e", figures - 1, value);
    if (least == 15 && !as_short(all[FIGURES]))
        least = 16;
    while (figures-- > least)
        shorten(all[figures], sizeof *all, all[figures + 1], figures, value);
    while (++figures <= FIGURES) {
        char *made = all[figures];
        int same = figures == FIGURES || strtod(made, NULL) == value;
        if (!same && !(power_of_two && figures == 16 && step(made) && strtod(made, NULL) == value))
            continue;
        const char *from = made + (*made == '-');
        *f = figures_of((const uint8_t *)from, (const uint8_t *)strchr(from, 'e'), 1);
        if (!f->count)
            *f = (Figures){.digit = "0", .count = 1};
        else
            f->tens += atoi(strchr(from, 'e') + 1);
        *met = (Double){bits, *f};
        return 1;
    }
    return 0;
}

/* A number, as Python writes it; where that is not certain, or would take more room than there is, the text is raw. */
static const uint8_t *canon_number(Outline *o, const uint8_t *p)
{
    const uint8_t *begin = p, *whole = p += *p == '-', *point = p = digits(p), *part, *end;
    if (p == whole || (*whole == '0' && p - whole > 1) || p - whole > LONGEST_WHOLE)
        return NULL;
    if (*p != '.' && *p != 'e' && *p != 'E') {
        begin = *whole == '0' ? whole : begin; /* to Python, -0 is 0 */
        memcpy(o->r.out, begin, (size_t)(p - begin));
        o->r.out += p - begin;
        return p;
    }
    if (*p == '.') {
        part = ++p;
        if ((p = digits(p)) == part)
            return NULL;
    }
    end = p;
    int power = 0, negative = 0;
    if (*p == 'e' || *p == 'E') {
        negative = p[1] == '-';
        p += 1 + (p[1] == '+' || p[1] == '-');
        part = p;
        p = digits(p);
        if (p == part || p - part > 3)
            return NULL;
        while (part < p)
            power = power * 10 + (*part++ - '0');
    }
    Figures f = figures_of(whole, end, point - whole);
    if (!f.count)
        f = (Figures){.digit = "0", .count = 1};
    else
        f.tens += negative ? -power : power;
    size_t size = (size_t)(p - begin), wanted = 0;
    char text[FIGURES + 16];
    int within = f.tens > -300 && f.tens < 300;
    if (f.tens >= 308) /* may be beyond what a double holds */
        return NULL;
    if ((within && f.count <= 15) || fewest(o->notes, begin, size, &f))
        wanted = written(text, *begin == '-', &f);
    if (wanted && (wanted <= size || (o->r.out - o->r.base) + (ptrdiff_t)wanted <= p - o->start)) {
        memcpy(o->r.out, text, wanted);
        o->r.out += wanted;
        return p;
    }
    o->raw = 1;
    memcpy(o->r.out, begin, size);
    o->r.out += size;
    return p;
}

static const uint8_t *canon(Outline *o, const uint8_t *p, unsigned depth);

/* The next byte of a key, as it is meant. */
static uint8_t meant(const uint8_t **p)
{
    static const char signs[] = "nrtbf", as[] = "\n\r\t\b\f";
    uint8_t sign = *(*p)++;
    if (sign != '\\')
        return sign;
    sign = *(*p)++;
    if (sign == 'u') { /* of a control sign, as spelt here */
        *p += 4;
        return (uint8_t)hex4(*p - 4);
    }
    const char *at = strchr(signs, sign);
    return at ? (uint8_t)as[at - signs] : sign;
}

/* The order of two members by their keys. */
static int by_key(const void *one, const void *other)
{
    const Member *a = one, *b = other;
    const uint8_t *p = a->key + 1, *q = b->key + 1, *end = p + a->size, *stop = q + b->size;
    if (!a->escaped && !b->escaped) {
        int order = memcmp(p, q, a->size < b->size ? a->size : b->size);
        return order ? order : (a->size > b->size) - (a->size < b->size);
    }
    while (p < end && q < stop) {
        int order = meant(&p) - meant(&q);
        if (order)
            return order;
    }
    return (p < end) - (q < stop);
}

/* The same, and of those with the same key by their places. */
static int by_key_and_place(const void *one, const void *other)
{
    const Member *a = one, *b = other;
    int order = by_key(one, other);
    return order ? order : (a->key > b->key) - (a->key < b->key);
}

/* Puts the members in order, of those with the same key the last; 0 when there is no room to. */
static int ordered(Outline *o, Member *members, unsigned count)
{
    unsigned rising = 1;
    while (rising < count && by_key(&members[rising - 1], &members[rising]) < 0)
        rising++;
    if (rising == count)
        return 1;
    uint8_t *from = members[0].key, *out = from;
    size_t size = (size_t)(members[count - 1].end - from);
    if (size > o->s->joined_room)
        return 0;
    memcpy(o->s->joined, from, size);
    qsort(members, count, sizeof *members, by_key_and_place);
    for (unsigned i = 1; i < count; i++)
        if (by_key(&members[i - 1], &members[i]) == 0) {
            o->doubled += 1 - members[i - 1].doubled;
            members[i - 1].end = NULL;
        }
    for (unsigned i = 0; i < count; i++) {
        const Member *m = &members[i];
        if (!m->end)
            continue;
        if (out > from)
            *out++ = ',';
        memcpy(out, o->s->joined + (m->key - from), (size_t)(m->end - m->key));
        out += m->end - m->key;
    }
    o->r.out = out;
    return 1;
}

static const uint8_t *canon_object(Outline *o, const uint8_t *p, unsigned depth)
{
    Reader *r = &o->r;
    Member *members = o->notes->members + o->pending;
    unsigned count = 0;
    *r->out++ = '{';
    for (p = space(p + 1); *p != '}'; count++) {
        if (o->pending == MEMBERS || *p != '"')
            return NULL;
        o->pending++;
        if (count)
            *r->out++ = ',';
        members[count].key = r->out;
        if (!(p = canon_string(r, p)))
            return NULL;
        members[count].size = (size_t)(r->out - members[count].key) - 2;
        members[count].escaped = memchr(members[count].key, '\\', members[count].size + 1) != NULL;
        if (*(p = space(p)) != ':')
            return NULL;
        *r->out++ = ':';
        members[count].doubled = o->doubled;
        if (!(p = canon(o, space(p + 1), depth + 1)) || !(p = more(p, '}')))
            return NULL;
        members[count].doubled = o->doubled - members[count].doubled;
        members[count].end = r->out;
    }
    if (count > 1 && !r->halves && !ordered(o, members, count))
        return NULL;
    o->pending -= count;
    *r->out++ = '}';
    return p + 1;
}

/* Any value, in its canonical form, among the texts; never longer than it is written. */
static const uint8_t *canon(Outline *o, const uint8_t *p, unsigned depth)
{
    Reader *r = &o->r;
    size_t size;
    if (depth == DEPTH && (*p == '{' || *p == '['))
        return NULL; /* too deep: it is refused (DS204) */
    switch (*p) {
    case '"': return canon_string(r, p);
    case '{': return canon_object(o, p, depth);
    case 't': size = STARTS(p, "true") ? 4 : 0; break;
    case 'n': size = STARTS(p, "null") ? 4 : 0; break;
    case 'f': size = STARTS(p, "false") ? 5 : 0; break;
    case '[':
        *r->out++ = '[';
        p = space(p + 1);
        for (int later = 0; *p != ']'; later = 1) {
            if (later)
                *r->out++ = ',';
            if (!(p = canon(o, p, depth + 1)) || !(p = more(p, ']')))
                return NULL;
        }
        *r->out++ = ']';
        return p + 1;
    default: return canon_number(o, p);
    }
    if (!size)
        return NULL;
    memcpy(r->out, p, size);
    r->out += size;
    return p + size;
}

/* A value, so many levels deep in the record, as a text that only compares; its number, or -1. */
static int compared(Outline *o, const uint8_t *p, const uint8_t **after, unsigned depth)
{
    Reader *r = &o->r;
    uint64_t n = r->texts, odd = r->odd;
    /* Its canonical form takes no more than itself; what joins and marks it needs what was saved before. */
    if (n >= PIECES || (r->out - r->base) + 2 > p - o->start)
        return -1;
    if (r->texts++) {
        *r->out++ = 0;
        r->beside++;
    }
    r->last = r->out;
    *r->out++ = MARKED;
    o->raw = 0;
    o->pending = 0;
    if (!(*after = canon(o, p, depth)))
        return -1;
    if (o->raw) {
        *r->last = RAW;
        o->any_raw = 1;
    }
    r->odd = odd; /* what nobody sees is reported of texts only */
    o->notes->said[n] = (Said){(uint64_t)(r->last - r->base), (uint64_t)(r->out - r->last), 0};
    uint32_t counts[KINDS], found = 0;
    if (o->s->thorough) {
        lines_private(r->last, (uint64_t)(r->out - r->last), counts);
        for (unsigned i = 0; i < KINDS; i++)
            found |= counts[i];
    }
    if (found)
        o->why = PRIVATE;
    return (int)n;
}

/* ---- what is wrong with a block --------------------------------------------------------------------- */

typedef struct {
    const char *key;
    char how; /* v: a word as it is. s: any string. x: a text. w: one whose words do not matter. i: an id. d: the name of a tool that is declared. n: of one that is used. u: an address. a: an account. o: any object. b: true or false. j: a schema. Else what is inside: */
    uint8_t inner;
} Part;

enum { NOTHING, MEDIUM, SOURCE_OF, PLACE, REASONING, THOUGHT, USE, RESULT, PIECE, CONFIG, TOOL, SPEC, SCHEMA, CHOICE, CHOSEN };

#define END {NULL, 0, 0}
static const Part PARTS[][5] = {
    [NOTHING] = {END},
    [MEDIUM] = {{"\"format\"", 'v', 0}, {"\"source\"", '{', SOURCE_OF}, {"\"name\"", 's', 0}, END},
    [SOURCE_OF] = {{"\"s3Location\"", '{', PLACE}, END},
    [PLACE] = {{"\"uri\"", 'u', 0}, {"\"bucketOwner\"", 'a', 0}, END},
    [REASONING] = {{"\"reasoningText\"", '{', THOUGHT}, END},
    [THOUGHT] = {{"\"text\"", 'x', 0}, {"\"signature\"", 's', 0}, END},
    [USE] = {{"\"toolUseId\"", 'i', 0}, {"\"name\"", 'n', 0}, {"\"input\"", 'o', 0}, END},
    [RESULT] = {{"\"toolUseId\"", 'i', 0}, {"\"content\"", '[', PIECE}, {"\"status\"", 'v', 0}, END},
    [PIECE] = {{"\"text\"", 'x', 0}, {"\"json\"", 'o', 0}, END},
    [CONFIG] = {{"\"tools\"", '[', TOOL}, {"\"toolChoice\"", '{', CHOICE}, END},
    [TOOL] = {{"\"toolSpec\"", '{', SPEC}, END},
    [SPEC] = {{"\"name\"", 'd', 0}, {"\"description\"", 'w', 0}, {"\"inputSchema\"", '{', SCHEMA}, {"\"strict\"", 'b', 0}, END},
    [SCHEMA] = {{"\"json\"", 'j', 0}, END},
    [CHOICE] = {{"\"auto\"", '{', NOTHING}, {"\"any\"", '{', NOTHING}, {"\"tool\"", '{', CHOSEN}, END},
    [CHOSEN] = {{"\"name\"", 'n', 0}, END},
};
static const Part KINDS_OF_BLOCKS[] = {
    {"\"image\"", '{', MEDIUM}, {"\"video\"", '{', MEDIUM}, {"\"document\"", '{', MEDIUM},
    {"\"reasoningContent\"", '{', REASONING}, {"\"toolUse\"", '{', USE}, {"\"toolResult\"", '{', RESULT}, END,
};

static const uint8_t *skipped(const uint8_t *p);

/* Past a value that holds no other. */
static const uint8_t *scalar(const uint8_t *p)
{
    if (*p == '{' || *p == '[')
        return NULL;
    if (*p == '"')
        return skipped(p);
    while (digit(*p) || alpha(*p) || *p == '-' || *p == '+' || *p == '.')
        p++;
    return p;
}

/* Past a sound string. */
static const uint8_t *past_string(const uint8_t *p)
{
    for (p++;;) {
        Block b = block(p);
        unsigned n = first((b == all('"')) | (b == all('\\')));
        p += n;
        if (n == 16)
            continue;
        if (*p == '"')
            return p + 1;
        p += 2;
    }
}

/* Past a sound value. */
static const uint8_t *skipped(const uint8_t *p)
{
    if (*p == '"')
        return past_string(p);
    if (*p != '{' && *p != '[')
        return scalar(p);
    unsigned depth = 0;
    uint32_t within = 0, escaped = 0; /* whether a string is open; bits of signs behind a backslash */
    for (;; p += 16, escaped >>= 16) {
        Block b = block(p), bracket = b | all(0x20); /* as both kinds have it in common */
        for (uint32_t slashes = bits_of(b == all('\\')); slashes; slashes &= slashes - 1) {
            uint32_t lowest = slashes & (0u - slashes);
            escaped |= escaped & lowest ? 0 : lowest << 1;
        }
        uint32_t inside = bits_of(b == all('"')) & ~escaped; /* from each quote to the next */
        inside ^= inside << 1;
        inside ^= inside << 2;
        inside ^= inside << 4;
        inside ^= inside << 8;
        inside ^= within;
        within = 0u - (inside >> 15 & 1);
        uint32_t open = bits_of(bracket == all('{')) & ~inside, shut = bits_of(bracket == all('}')) & ~inside;
        if (depth > (unsigned)__builtin_popcount(shut)) {
            depth += (unsigned)__builtin_popcount(open) - (unsigned)__builtin_popcount(shut);
            continue;
        }
        for (uint32_t both = open | shut; both; both &= both - 1) {
            depth += open & both & (0u - both) ? 1u : -1u;
            if (!depth)
                return p + __builtin_ctz(both) + 1;
        }
    }
}

/* A text, with the reserved words in it where they matter; or that it is blank. */
static int reported(Outline *o, const uint8_t *p, const uint8_t *after, int words)
{
    const Scan *s = o->s;
    if ((uint64_t)(after - p) > s->joined_room)
        return 0;
    Reader r = {.base = s->joined, .out = s->joined, .last = s->joined};
    if (!copied(&r, p))
        return 0;
    if (blank(r.base, r.out))
        return put(o, "\"  ", r.out > r.base ? 2 : 1) && put(o, "\"", 1);
    return put(o, "\"x", 2) && (!words || !*s->words || held(o, r.base, r.out)) && put(o, "\"", 1);
}

/* Which of those that were met in the record this is, for it compares and nothing else; MOST_IDS when there are more. */
static unsigned nth(Ids *met, const uint8_t *p, size_t size)
{
    uint16_t at = (uint16_t)(lines_digest(p, size) % HEADS), *head = met->heads + at;
    for (unsigned n = *head; n; n = met->all[n - 1].next)
        if (met->all[n - 1].size == size && memcmp(met->all[n - 1].at, p, size) == 0)
            return n - 1;
    if (met->count == MOST_IDS)
        return MOST_IDS;
    met->all[met->count] = (Id){p, size, 0, at, *head};
    *head = (uint16_t)++met->count;
    return met->count - 1u;
}

/* Whether a string is of 1 to 64 of the signs that names and ids are made of. */
static int nameable(const uint8_t *p, size_t size, const char *more)
{
    if (size < 3 || size > 66)
        return 0;
    for (size_t i = 1; i < size - 1; i++)
        if (!dashed(p[i]) && !(p[i] && strchr(more, p[i])))
            return 0;
    return 1;
}

static int put_nth(Outline *o, uint8_t sign, unsigned n)
{
    uint8_t name[3 + WIDTH] = {'"', sign, [2 + WIDTH] = '"'};
    spell(name + 2, n);
    return n < MOST_IDS && put(o, name, sizeof name);
}

/* An id of a tool use: which of the record's ids it is. */
static int identified(Outline *o, const uint8_t *p, size_t size)
{
    return nameable(p, size, ".:") && put_nth(o, 'i', nth(&o->notes->ids, p, size));
}

/* A tool's name: which of the record's names it is, unless something is wrong with it, which names it. */
static int called(Outline *o, const uint8_t *p, size_t size, int declared)
{
    if (o->names_tools)
        return verbatim(o, p) != NULL;
    Ids *names = &o->notes->names;
    unsigned n = nth(names, p, size);
    if (!nameable(p, size, "") || n == MOST_IDS || (declared && names->all[n].declared)) {
        o->misnamed = 1;
        return 0;
    }
    names->all[n].declared |= declared;
    return put_nth(o, 'n', n);
}

/* Whether each tool that is used is declared too. */
static int all_declared(const Outline *o)
{
    for (unsigned n = 0; n < o->notes->names.count; n++)
        if (!o->notes->names.all[n].declared)
            return 0;
    return 1;
}

/* ---- schemas of tools, those of plain words; `_simple` in schemas.py knows the same -----------------------
 *
 * They are read in their canonical form, so that equal words are equal bytes.
 */

/* The dialects that differ here; the one that holds when none is named is the newest. */
enum { NEWEST, DRAFT_3, DRAFT_4, DRAFT_6, DRAFT_7, DRAFT_2019 };
enum { MOST_TYPES = 16 };

typedef struct {
    unsigned depth, draft;
} Level;

static const uint8_t *schema(const uint8_t *p, Level at);

/* Whether a schema is of draft 3 or 4, which have much in common that later ones do not. */
static int early(Level at) { return at.draft == DRAFT_3 || at.draft == DRAFT_4; }

static Level deeper(Level at) { return (Level){at.depth + 1, at.draft}; }

/* Past a string. */
static const uint8_t *bare(const uint8_t *p) { return *p == '"' ? skipped(p) : NULL; }

/* Past the name of a type; which one it is. */
static const uint8_t *a_type(const uint8_t *p, unsigned *which)
{
    static const char *const types[] = {"\"object\"", "\"array\"", "\"string\"", "\"number\"", "\"integer\"", "\"boolean\"", "\"null\""};
    for (*which = 0; *which < sizeof types / sizeof *types; ++*which)
        if (memcmp(p, types[*which], strlen(types[*which])) == 0)
            return p + strlen(types[*which]);
    return NULL;
}

/* Past a type, or a list of types, none of them twice. */
static const uint8_t *typed(const uint8_t *p)
{
    unsigned which, met = 0;
    if (*p != '[')
        return a_type(p, &which);
    if (*(p = space(p + 1)) == ']')
        return NULL;
    while (*p != ']') {
        if (!(p = a_type(p, &which)) || met >> which & 1 || !(p = more(p, ']')))
            return NULL;
        met |= 1u << which;
    }
    return p + 1;
}

/* Past what draft 3 takes for types: any name, or a list of names and at most one schema, so that none is there twice. */
static const uint8_t *kinds(const uint8_t *p, Level at)
{
    Id met[MOST_TYPES];
    unsigned count = 0, objects = 0;
    if (*p != '[')
        return bare(p);
    for (p = space(p + 1); *p != ']'; count++) {
        const uint8_t *after = *p == '{' ? schema(p, deeper(at)) : bare(p);
        objects += *p == '{';
        if (!after || objects > 1 || count == MOST_TYPES)
            return NULL;
        size_t size = (size_t)(after - p);
        for (unsigned n = 0; n < count; n++)
            if (met[n].size == size && memcmp(met[n].at, p, size) == 0)
                return NULL;
        met[count] = (Id){.at = p, .size = size};
        if (!(p = more(after, ']')))
            return NULL;
    }
    return p + 1;
}

/* Past a regular expression, if it is surely well-formed; `well_formed` in schemas.py knows the same. */
static const uint8_t *pattern(const uint8_t *p)
{
    unsigned depth = 0;
    int within = 0, repeatable = 0;
    for (p++; *p != '"';) {
        uint8_t c = *p++;
        if (c == '\\') {
            c = *p++;
            if (c == 'u')
                p += 4;
            if (c == '\\') {
                if (*p == '"')
                    return NULL;
                p += *p == '\\' && p[1] == 'u' ? 6 : 1 + (*p == '\\');
            }
            repeatable = 1;
            continue;
        }
        if (within) {
            within = c != ']';
            continue;
        }
        if ((c == '*' || c == '+' || c == '?') && !repeatable)
            return NULL;
        if (c == '[') {
            within = 1;
            p += *p == '^';
            p += *p == ']';
        } else if (c == '(') {
            depth++;
            p += *p == '?';
        } else if (c == ')' && !depth--) {
            return NULL;
        }
        repeatable = c != '(' && c != '|';
    }
    return depth || within ? NULL : p + 1;
}

/* Past a list of strings, none of them twice; or of whole numbers, which differ by their digits, too. */
static const uint8_t *distinct(const uint8_t *p, int numbers)
{
    Id met[NEEDLES];
    uint16_t heads[NEEDLE_HEADS] = {0};
    unsigned count = 0;
    if (*p != '[')
        return NULL;
    for (p = space(p + 1); *p != ']'; count++) {
        const uint8_t *after = bare(p);
        if (!after && numbers && (after = digits(p)) != scalar(p))
            return NULL;
        if (!after || count == NEEDLES)
            return NULL;
        size_t size = (size_t)(after - p);
        uint16_t *head = heads + lines_digest(p, size) % NEEDLE_HEADS;
        for (unsigned n = *head; n; n = met[n - 1].next)
            if (met[n - 1].size == size && memcmp(met[n - 1].at, p, size) == 0)
                return NULL;
        met[count] = (Id){.at = p, .size = size, .next = *head};
        *head = (uint16_t)(count + 1);
        if (!(p = more(after, ']')))
            return NULL;
    }
    return p + 1;
}

/* The same of strings; in draft 4 no such list is empty, and in draft 3 there is none. */
static const uint8_t *strings(const uint8_t *p, Level at)
{
    return early(at) && STARTS(p, "[]") ? NULL : distinct(p, 0);
}

/* Past a list of schemas, at least one. */
static const uint8_t *choices(const uint8_t *p, Level at)
{
    if (*p != '[' || *(p = space(p + 1)) == ']')
        return NULL;
    while (*p != ']')
        if (!(p = schema(p, deeper(at))) || !(p = more(p, ']')))
            return NULL;
    return p + 1;
}

/* Past an object of schemas, or, as `how` says, of lists of strings or either; its keys may be patterns. */
static const uint8_t *schemas(const uint8_t *p, Level at, char how)
{
    if (*p != '{')
        return NULL;
    for (p = space(p + 1); *p != '}';) {
        const uint8_t *key = p;
        p = space(space(skipped(p)) + 1);
        if (how == '^' && !pattern(key))
            return NULL;
        if (how == 'D' && *p == '"' && at.draft == DRAFT_3)
            p = bare(p);
        else
            p = how == 'S' || (how == 'D' && *p == '[') ? strings(p, at) : schema(p, deeper(at));
        if (!p || !(p = more(p, '}')))
            return NULL;
    }
    return p + 1;
}

/* Past a whole number that is not negative; since draft 6 it may be written as 1.0. */
static const uint8_t *whole(const uint8_t *p, Level at)
{
    const uint8_t *after = digits(p), *end = scalar(p);
    return after > p && (after == end || (!early(at) && end - after == 2 && STARTS(after, ".0"))) ? end : NULL;
}

/* Past a number, or only one above zero. */
static const uint8_t *number(const uint8_t *p, int positive)
{
    const uint8_t *after = digit(*p) || *p == '-' ? scalar(p) : NULL;
    if (!after || !positive)
        return after;
    for (; digit(*p) || *p == '.'; p++)
        if (*p > '0')
            return after;
    return NULL;
}

static const uint8_t *anchor(const uint8_t *p)
{
    if (*p != '"' || !(alpha(p[1]) || p[1] == '_'))
        return NULL;
    for (p++; dashed(*p) || *p == '.';)
        p++;
    return *p == '"' ? p + 1 : NULL;
}

/* Past an id; a hash may only end it. */
static const uint8_t *hashless(const uint8_t *p)
{
    const uint8_t *after = bare(p);
    const uint8_t *hash = after ? memchr(p, '#', (size_t)(after - p)) : NULL;
    return hash && hash != after - 2 ? NULL : after;
}

/* The words that have a meaning. s: a text. b: true or false. t: types. o: schemas by name. ^: by pattern. S: lists of
 * strings by name. D: either. c: a list of schemas. j: a schema. A: a schema, or true or false in any draft. I: one, or in
 * former drafts a list. n: a number. e: one, or true or false in draft 4. p: one above zero. w: a whole one. r: a list
 * of strings. l: a list. E: one of values. x: a pattern. a: an anchor. i: an id. d: the same in draft 4. v: true or false in
 * 2019. T, X, V: types, one schema or more, a number above zero, in draft 3 alone. ?: nothing is certain. */
static const struct {
    const char *word;
    char how;
} VOCABULARY[] = {
    {"type", 't'}, {"description", 's'}, {"properties", 'o'}, {"required", 'r'}, {"enum", 'E'}, {"items", 'I'},
    {"title", 's'}, {"format", 's'}, {"$comment", 's'}, {"contentEncoding", 's'}, {"contentMediaType", 's'},
    {"$ref", 's'}, {"$dynamicRef", 's'}, {"pattern", 'x'}, {"$schema", 's'}, {"$id", 'i'}, {"id", 'd'},
    {"$anchor", 'a'}, {"$dynamicAnchor", 'a'}, {"$recursiveAnchor", 'v'}, {"$recursiveRef", 's'}, {"$vocabulary", '?'},
    {"readOnly", 'b'}, {"writeOnly", 'b'}, {"deprecated", 'b'}, {"uniqueItems", 'b'},
    {"$defs", 'o'}, {"definitions", 'o'}, {"dependentSchemas", 'o'}, {"patternProperties", '^'},
    {"dependentRequired", 'S'}, {"dependencies", 'D'},
    {"anyOf", 'c'}, {"oneOf", 'c'}, {"allOf", 'c'}, {"prefixItems", 'c'},
    {"additionalProperties", 'A'}, {"additionalItems", 'A'}, {"not", 'j'}, {"if", 'j'}, {"then", 'j'}, {"else", 'j'}, {"contains", 'j'},
    {"propertyNames", 'j'}, {"unevaluatedItems", 'j'}, {"unevaluatedProperties", 'j'}, {"contentSchema", 'j'},
    {"minLength", 'w'}, {"maxLength", 'w'}, {"minItems", 'w'}, {"maxItems", 'w'}, {"minProperties", 'w'},
    {"maxProperties", 'w'}, {"minContains", 'w'}, {"maxContains", 'w'},
    {"multipleOf", 'p'}, {"minimum", 'n'}, {"maximum", 'n'}, {"exclusiveMinimum", 'e'}, {"exclusiveMaximum", 'e'},
    {"examples", 'l'}, {"disallow", 'T'}, {"extends", 'X'}, {"divisibleBy", 'V'},
};

static const uint8_t *yes_or_no(const uint8_t *p) { return *p == 't' || *p == 'f' ? scalar(p) : NULL; }

/* Past the value of a word of a schema; its canonical form has been written, so that the JSON is sound. A word without
 * a meaning may have any. */
static const uint8_t *worded(const uint8_t *word, size_t size, const uint8_t *p, Level at)
{
    char how = 0;
    int former = at.draft != NEWEST, third = at.draft == DRAFT_3;
    for (size_t i = 0; !how && i < sizeof VOCABULARY / sizeof *VOCABULARY; i++)
        if (strncmp(VOCABULARY[i].word, (const char *)word, size) == 0 && !VOCABULARY[i].word[size])
            how = VOCABULARY[i].how;
    switch (how) {
    case 0: return skipped(p);
    case 't': return third ? kinds(p, at) : typed(p);
    case 'T': return third ? kinds(p, at) : skipped(p);
    case 'X': return !third ? skipped(p) : *p == '[' ? choices(p, at) : schema(p, deeper(at));
    case 'V': return third ? number(p, 1) : skipped(p);
    case 's': return bare(p);
    case 'x': return *p == '"' ? pattern(p) : NULL;
    case 'b': return yes_or_no(p);
    case 'o': case '^': case 'S': case 'D': return schemas(p, at, how);
    case 'c': return choices(p, at);
    case 'j': return schema(p, deeper(at));
    case 'A': return *p == '{' ? schema(p, deeper(at)) : yes_or_no(p);
    case 'I': return former && *p == '[' ? choices(p, at) : schema(p, deeper(at));
    case 'e': return early(at) ? yes_or_no(p) : number(p, 0);
    case 'n': case 'p': return number(p, how == 'p');
    case 'w': return whole(p, at);
    case 'r': return third ? yes_or_no(p) : strings(p, at);
    case 'l': return *p == '[' ? skipped(p) : NULL;
    case 'E': return !early(at) ? (*p == '[' ? skipped(p) : NULL) : STARTS(p, "[]") ? NULL : distinct(p, 1);
    case 'a': return anchor(p);
    case 'i': return hashless(p);
    case 'd': return early(at) ? bare(p) : skipped(p);
    case 'v': return at.draft == DRAFT_2019 ? yes_or_no(p) : NULL;
    default: return NULL;
    }
}

/* What of an object's words needs another of them, in drafts 3 and 4. */
static unsigned bound(const uint8_t *p)
{
    return STARTS(p, "\"minimum\"") ? 1 : STARTS(p, "\"maximum\"") ? 2 : STARTS(p, "\"exclusiveMinimum\"") ? 4 : STARTS(p, "\"exclusiveMaximum\"") ? 8 : 0;
}

static const uint8_t *schema(const uint8_t *p, Level at)
{
    unsigned bounds = 0;
    if (*p == 't' || *p == 'f')
        return early(at) ? NULL : scalar(p);
    if (*p != '{' || at.depth == DEPTH)
        return NULL;
    for (p = space(p + 1); *p != '}';) {
        const uint8_t *word = p + 1, *after = bare(p);
        bounds |= bound(p);
        p = space(space(after) + 1);
        if (!(p = worded(word, (size_t)(after - word) - 1, p, at)) || !(p = more(p, '}')))
            return NULL;
    }
    return early(at) && bounds >> 2 & ~bounds ? NULL : p + 1;
}

/* Which dialect a schema is of, as the library finds it; -1 where its words may have other meanings than here. */
static int dialect(const uint8_t *p, const uint8_t *after)
{
    static const struct {
        const char *name;
        int draft;
    } known[] = {
        {"\"http://json-schema.org/draft-03/schema", DRAFT_3}, {"\"http://json-schema.org/draft-04/schema", DRAFT_4}, {"\"http://json-schema.org/draft-06/schema", DRAFT_6},
        {"\"http://json-schema.org/draft-07/schema", DRAFT_7}, {"\"https://json-schema.org/draft/2019-09/schema", DRAFT_2019},
    };
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
        size_t size = strlen(known[i].name), rest = (size_t)(after - p) > size ? (size_t)(after - p) - size : 0;
        if (rest && memcmp(p, known[i].name, size) == 0 && (rest == 1 || (rest == 2 && p[size] == '#')))
            return known[i].draft;
    }
    for (; p < after; p++)
        if (STARTS(p, "draft-0"))
            return -1;
    return NEWEST;
}

/* A tool's schema, which says object at its top. */
static int takes_an_object(Outline *o, const uint8_t *p)
{
    int draft = NEWEST, object = 0;
    for (const uint8_t *word = p + 1; *word != '}';) {
        const uint8_t *value = skipped(word) + 1, *after = skipped(value);
        if (STARTS(word, "\"$schema\""))
            draft = *value == '"' ? dialect(value, after) : -1;
        else if (STARTS(word, "\"type\""))
            object = STARTS(value, "\"object\"");
        word = after + (*after == ',');
    }
    return object && draft >= 0 && schema(p, (Level){0, (unsigned)draft}) && put(o, "{\"type\":\"object\"}", 17);
}

/* An address in S3: whether it has a bucket and a name decides; which bucket is noted. */
static int addressed(Outline *o, const uint8_t *p, const uint8_t *after)
{
    const uint8_t *end = after - 1, *bucket = p + 6, *q = bucket;
    if (!STARTS(p, "\"s3://"))
        return 0;
    while (q < end && (digit(*q) || (alpha(*q) && *q >= 'a') || *q == '.' || *q == '-'))
        q++;
    if (q == end || *q != '/' || q - bucket < 3 || q - bucket > 63 || *bucket == '.' || *bucket == '-' || q[-1] == '.' || q[-1] == '-')
        return 0;
    size_t size = (size_t)(q - bucket);
    const uint8_t *name = q + 1;
    for (q = name; q < end && (dashed(*q) || *q == '/' || *q == '.');)
        q++;
    if (q < end) /* the first strange sign decides */
        return *q >= ' ' && *q < 0x7f && *q != '\\' && put(o, "\"s3://bucket/", 13) && put(o, q, 1) && put(o, "\"", 1);
    if (q == name || q[-1] == '/' || o->buckets == MOST_MEDIA)
        return 0;
    Bucket *noted = &o->notes->buckets[o->buckets++];
    noted->size = (uint8_t)size;
    memcpy(noted->name, bucket, size);
    return put(o, "\"s3://bucket/k\"", 15);
}

static int account(Outline *o, const uint8_t *p, const uint8_t *after)
{
    if (after - p != 14)
        return 0;
    for (unsigned i = 1; i < 13; i++)
        if (!digit(p[i]))
            return 0;
    return put(o, "\"000000000000\"", 14);
}

static const uint8_t *outlined(Outline *o, const uint8_t *p, unsigned kind);

static const uint8_t *value_of(Outline *o, const uint8_t *p, const Part *part)
{
    if (part->how == 'v')
        return *p == '"' ? verbatim(o, p) : NULL;
    if (part->how == '{')
        return *p == '{' ? outlined(o, p, part->inner) : NULL;
    if (part->how == '[') {
        if (*p != '[' || !put(o, "[", 1))
            return NULL;
        p = space(p + 1);
        for (int later = 0; *p != ']'; later = 1)
            if ((later && !put(o, ",", 1)) || *p != '{' || !(p = outlined(o, p, part->inner)) || !(p = more(p, ']')))
                return NULL;
        return put(o, "]", 1) ? p + 1 : NULL;
    }
    if (*p != (part->how == 'o' || part->how == 'j' ? '{' : part->how == 'b' ? *p : '"'))
        return NULL;
    const uint8_t *after = skipped(p);
    size_t size = (size_t)(after - p);
    int said;
    switch (part->how) {
    case 'o': said = put(o, "{}", 2); break;
    case 's': said = put(o, "\"x\"", 3); break;
    case 'x': case 'w': said = reported(o, p, after, part->how == 'x'); break;
    case 'i': said = identified(o, p, size); break;
    case 'd': case 'n': said = called(o, p, size, part->how == 'd'); break;
    case 'b': said = (*p == 't' || *p == 'f') && put(o, "true", 4); break;
    case 'j': said = takes_an_object(o, p); break;
    case 'u': said = addressed(o, p, after); break;
    default: said = account(o, p, after);
    }
    return said ? after : NULL;
}

static const Part *part_of(const Part *parts, const uint8_t *p)
{
    while (parts->key && memcmp(p, parts->key, strlen(parts->key)) != 0)
        parts++;
    return parts->key ? parts : NULL;
}

/* An object of a block, each of whose keys is known. */
static const uint8_t *outlined(Outline *o, const uint8_t *p, unsigned kind)
{
    if (!put(o, "{", 1))
        return NULL;
    p = space(p + 1);
    for (int later = 0; *p != '}'; later = 1) {
        const Part *part = part_of(PARTS[kind], p);
        if (!part || (later && !put(o, ",", 1)) || !put(o, part->key, strlen(part->key)) || !put(o, ":", 1))
            return NULL;
        p = space(p + strlen(part->key));
        if (*p != ':' || !(p = value_of(o, space(p + 1), part)) || !(p = more(p, '}')))
            return NULL;
    }
    return put(o, "}", 1) ? p + 1 : NULL;
}

/* What says in an outline that a text with this number only compares. */
static int marked(Outline *o, uint8_t sign, int n)
{
    uint8_t name[1 + WIDTH] = {sign};
    spell(name + 1, (uint64_t)n);
    return put(o, name, sizeof name);
}

static int note_buckets(Outline *o, const uint8_t *block);

/* Whether a block is of a tool. */
static int of_tools(const uint8_t *p)
{
    for (p++; *p == '"'; p += *p == ',') {
        if (STARTS(p, "\"toolUse\"") || STARTS(p, "\"toolResult\""))
            return 1;
        p = skipped(skipped(p) + 1);
    }
    return 0;
}

/* A block that is no text, or not only. Where its outline does not say what is wrong with it, its canonical form does. */
static const uint8_t *special_block(Outline *o, const uint8_t *p)
{
    const uint8_t *after;
    int n = compared(o, p, &after, BLOCK_DEPTH);
    unsigned noted = o->buckets;
    if (n < 0 || !marked(o, 1, n))
        return NULL;
    /* What it is follows from its canonical form, in which nothing is written in two ways. */
    const uint8_t *form = o->r.last + 1, *value = form + 1, *end = o->r.out;
    const Part *part = part_of(KINDS_OF_BLOCKS, value);
    uint8_t *out = o->out;
    if (part && put(o, "{", 1) && put(o, part->key, strlen(part->key)) && put(o, ":", 1)) {
        value = value_of(o, value + strlen(part->key) + 1, part);
        if (value && value + 1 == end && put(o, "}", 1))
            return after;
    }
    int tools = of_tools(form);
    if (tools && o->misnamed && !o->names_tools)
        return NULL;
    o->out = out;
    o->buckets = noted;
    o->sorted = 1;
    return (tools || note_buckets(o, form)) && put(o, form, (size_t)(end - form)) ? after : NULL;
}

/* What an outline has in place of the tools of a record, before their number. */
enum { TOOLS_MARK = 2 };

/* The tools of a record. Mostly what is wrong with them is in their outline, or else in their canonical form, which
 * Python reads once for all that are the same. */
static const uint8_t *declared_tools(Outline *o, const uint8_t *p)
{
    static const char hex[] = "0123456789abcdef";
    const uint8_t *after;
    int n = compared(o, p, &after, KEY_DEPTH);
    o->configured = 1;
    if (n < 0 || !marked(o, TOOLS_MARK, n))
        return NULL;
    if (!o->names_tools) {
        const uint8_t *value = o->r.last + 1; /* behind one that is no object is what another line left there */
        if (*value == '{' && outlined(o, value, CONFIG))
            return after;
        o->misnamed = 1;
        return NULL;
    }
    uint64_t size = (uint64_t)(o->r.out - o->r.last);
    uint64_t digests[2] = {lines_digest(o->r.last, size), lines_digest(o->r.last + 1, size - 1)};
    uint8_t name[32];
    for (unsigned i = 0; i < 32; i++)
        name[i] = (uint8_t)hex[digests[i / 16] >> 4 * (i % 16) & 15];
    return put(o, name, sizeof name) ? after : NULL;
}
