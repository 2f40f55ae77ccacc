/* Blocks of a record that are no text, such as tool uses and media, and the tools that it declares. Included by lines.c.
 *
 * What compares of a block is its canonical JSON, as Python's json.dumps(block, sort_keys=True, ensure_ascii=False,
 * separators=(",", ":")) writes it, except for numbers that are written in another way; it stands among the texts, after a byte that says so. What is wrong with a block
 * depends on less: its outline has its keys and names, a number for each id of a tool use, and nothing of what
 * is only there. Whatever is not written the plain way is not certain here (NULL).
 */

enum { MEMBERS = 256, LONGEST_NUMBER = 40 };

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
    while (*p != '"') {
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
            } else if (!(p = escape(r, p))) {
                return NULL;
            }
            continue;
        }
        unsigned size = *p < 0x80 ? *p >= 0x20 : sequence(p);
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

/* Whether Python writes a number of so many digits as it stands: as the fewest digits that give the same double, and
 * with an exponent below 1e-4 and from 1e16 on. Where a locale has another decimal sign, nothing is as Python writes it. */
static int as_python(const uint8_t *begin, size_t size, int figures)
{
    char text[2 * LONGEST_NUMBER + 8], most[32], fewer[32], told[40];
    memcpy(text, begin, size);
    text[size] = 0;
    double value = strtod(text, NULL);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (figures > 17 || !(bits << 12)) /* a power of two has a nearer neighbour below than above */
        return 0;
    snprintf(most, sizeof most, "%.*e", figures - 1, value);
    if (strtod(most, NULL) != value)
        return 0;
    if (figures > 1) {
        snprintf(fewer, sizeof fewer, "%.*e", figures - 2, value);
        if (strtod(fewer, NULL) == value)
            return 0;
    }
    int tens = atoi(strchr(most, 'e') + 1), after = figures - 1 - tens;
    if (tens < -4 || tens >= 16)
        return strcmp(text, most) == 0;
    snprintf(told, sizeof told, "%.*f", after > 0 ? after : 1, value);
    return strcmp(text, told) == 0;
}

/* How many digits say something, from the first to the last that is not zero. */
static int figures_of(const uint8_t *p, const uint8_t *end)
{
    int count = 0, last = 0;
    for (; p < end && (digit(*p) || *p == '.'); p++) {
        count += *p != '.' && (count || *p != '0');
        last = *p != '.' && *p != '0' ? count : last;
    }
    return last;
}

/* A number, copied. Python may write it otherwise: then the text is raw. */
static const uint8_t *canon_number(Outline *o, const uint8_t *p)
{
    const uint8_t *begin = p, *whole = p += *p == '-', *part = p = digits(p);
    int zero = *whole == '0', fraction = 0;
    if (p == whole || (zero && p - whole > 1) || p - whole > LONGEST_NUMBER)
        return NULL;
    int raw = zero && begin != whole;
    if (*p == '.') {
        part = ++p;
        p = digits(p);
        if (p == part || p - part > LONGEST_NUMBER)
            return NULL;
        raw |= p - whole > 16 || (p[-1] == '0' && p - part > 1) || (zero && p - part > 3 && memcmp(part, "000", 3) == 0);
        fraction = 1;
    }
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '+' || p[1] == '-');
        part = p;
        p = digits(p);
        if (p == part || p - part > 2) /* more may be beyond what a double holds */
            return NULL;
        fraction = raw = 1;
    }
    int figures = figures_of(whole, p);
    if (raw && !(fraction && figures && as_python(begin, (size_t)(p - begin), figures)))
        o->raw = 1;
    memcpy(o->r.out, begin, (size_t)(p - begin));
    o->r.out += p - begin;
    return p;
}

static const uint8_t *canon(Outline *o, const uint8_t *p, unsigned depth);

typedef struct {
    uint8_t *key, *end; /* of the member, from its key's quote on */
    size_t size; /* of the key */
    int escaped; /* whether a backslash is in it */
} Member;

/* The next byte of a key, as it is meant. */
static uint8_t meant(const uint8_t **p)
{
    static const char signs[] = "nrtbf", as[] = "\n\r\t\b\f";
    uint8_t sign = *(*p)++;
    if (sign != '\\')
        return sign;
    sign = *(*p)++;
    const char *at = strchr(signs, sign);
    return at ? (uint8_t)as[at - signs] : sign;
}

/* Whether a key holds a sign that `meant` does not tell. */
static int odd_key(const Member *m)
{
    for (const uint8_t *p = m->key + 1; p <= m->key + m->size; p++)
        if (*p == '\\' && *++p == 'u')
            return 1;
    return 0;
}

static int before(const Member *a, const Member *b)
{
    const uint8_t *p = a->key + 1, *q = b->key + 1, *end = p + a->size, *stop = q + b->size;
    if (!a->escaped && !b->escaped) {
        int order = memcmp(p, q, a->size < b->size ? a->size : b->size);
        return order ? order < 0 : a->size < b->size;
    }
    while (p < end && q < stop) {
        uint8_t one = meant(&p), other = meant(&q);
        if (one != other)
            return one < other;
    }
    return p == end && q < stop;
}

/* Puts the members in order; 0 when two have the same key, or there is no room to. */
static int ordered(Outline *o, Member *members, unsigned count)
{
    unsigned order[MEMBERS];
    int sorted = 1;
    for (unsigned i = 0; i < count; i++) {
        unsigned from = 0, to = i;
        if (i && !before(&members[i], &members[order[i - 1]]))
            from = i;
        while (from < to) {
            unsigned mid = (from + to) / 2;
            if (before(&members[i], &members[order[mid]]))
                to = mid;
            else
                from = mid + 1;
        }
        memmove(order + from + 1, order + from, (i - from) * sizeof *order);
        order[from] = i;
        sorted &= from == i;
    }
    for (unsigned i = 1; i < count; i++)
        if (!before(&members[order[i - 1]], &members[order[i]]))
            return 0;
    if (sorted)
        return 1;
    uint8_t *from = members[0].key, *out = from;
    size_t size = (size_t)(members[count - 1].end - from);
    if (size > o->s->joined_room)
        return 0;
    memcpy(o->s->joined, from, size);
    for (unsigned i = 0; i < count; i++) {
        const Member *m = &members[order[i]];
        if (i)
            *out++ = ',';
        memcpy(out, o->s->joined + (m->key - from), (size_t)(m->end - m->key));
        out += m->end - m->key;
    }
    return 1;
}

static const uint8_t *canon_object(Outline *o, const uint8_t *p, unsigned depth)
{
    Reader *r = &o->r;
    Member members[MEMBERS];
    unsigned count = 0;
    *r->out++ = '{';
    for (p = space(p + 1); *p != '}'; count++) {
        if (count == MEMBERS || *p != '"')
            return NULL;
        if (count)
            *r->out++ = ',';
        members[count].key = r->out;
        if (!(p = canon_string(r, p)))
            return NULL;
        members[count].size = (size_t)(r->out - members[count].key) - 2;
        members[count].escaped = memchr(members[count].key, '\\', members[count].size + 1) != NULL;
        if (members[count].escaped && odd_key(&members[count]))
            return NULL;
        if (*(p = space(p)) != ':')
            return NULL;
        *r->out++ = ':';
        if (!(p = canon(o, space(p + 1), depth + 1)) || !(p = more(p, '}')))
            return NULL;
        members[count].end = r->out;
    }
    if (count > 1 && !ordered(o, members, count))
        return NULL;
    *r->out++ = '}';
    return p + 1;
}

/* Any value, in its canonical form, among the texts; never longer than it is written. */
static const uint8_t *canon(Outline *o, const uint8_t *p, unsigned depth)
{
    Reader *r = &o->r;
    size_t size;
    if (depth == DEPTH)
        return NULL;
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

/* A value, as a text that only compares; its number, or -1. */
static int compared(Outline *o, const uint8_t *p, const uint8_t **after)
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
    if (!(*after = canon(o, p, 0)))
        return -1;
    if (o->raw) {
        *r->last = RAW;
        o->any_raw = 1;
    }
    r->odd = odd; /* what nobody sees is told of texts only */
    o->said[n] = (Said){(uint64_t)(r->last - r->base), (uint64_t)(r->out - r->last), 0};
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
    char how; /* v: a word as it is. s: any string. x: a text. w: one in which no word is reserved. i: an id. d: the name of a tool that is declared. n: of one that is used. u: an address. a: an account. o: any object. b: true or false. j: a schema. Else what is inside: */
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

/* Past a sound value. */
static const uint8_t *skipped(const uint8_t *p)
{
    if (*p != '"' && *p != '{' && *p != '[')
        return scalar(p);
    unsigned depth = 0;
    do {
        if (*p == '"')
            for (p++; *p != '"'; p++)
                p += *p == '\\';
        else if (*p == '{' || *p == '[')
            depth++;
        else if (*p == '}' || *p == ']')
            depth--;
        p++;
    } while (depth);
    return p;
}

/* Whether a text says something, and no word in it may be reserved, where that matters. */
static int harmless(Outline *o, const uint8_t *p, const uint8_t *after, int words)
{
    const Scan *s = o->s;
    if ((uint64_t)(after - p) > s->joined_room)
        return 0;
    Reader r = {.base = s->joined, .out = s->joined, .last = s->joined};
    if (!copied(&r, p) || blank(r.base, r.out))
        return 0;
    for (const uint8_t *at = r.base; words && at < r.out; at++) {
        if (*at != s->ends[0] && *at != s->ends[1] && *at != s->ends[2] && *at != s->ends[3])
            continue;
        for (const uint8_t *w = s->words; *w; w += *w + 1)
            if (*at == w[*w] && *w <= at - r.base + 1 && memcmp(at + 1 - *w, w + 1, *w) == 0)
                return 0;
    }
    return 1;
}

/* Which of those that were met in the record this is, for it compares and nothing else; MOST_IDS when there are more. */
static unsigned nth(Ids *met, const uint8_t *p, size_t size)
{
    uint16_t *head = met->heads + lines_digest(p, size) % HEADS;
    for (unsigned n = *head; n; n = met->all[n - 1].next)
        if (met->all[n - 1].size == size && memcmp(met->all[n - 1].at, p, size) == 0)
            return n - 1;
    if (met->count == MOST_IDS)
        return MOST_IDS;
    met->all[met->count] = (Id){p, size, 0, *head};
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
    const uint8_t name[] = {'"', sign, (uint8_t)('0' + n / 100), (uint8_t)('0' + n / 10 % 10), (uint8_t)('0' + n % 10), '"'};
    return n < MOST_IDS && put(o, name, sizeof name);
}

/* An id of a tool use: which of the record's ids it is. */
static int identified(Outline *o, const uint8_t *p, size_t size)
{
    return nameable(p, size, ".:") && put_nth(o, 'i', nth(&o->ids, p, size));
}

/* A tool's name: which of the record's names it is, unless something is wrong with it, which names it. */
static int called(Outline *o, const uint8_t *p, size_t size, int declared)
{
    if (o->names_tools)
        return verbatim(o, p) != NULL;
    unsigned n = nth(&o->names, p, size);
    if (!nameable(p, size, "") || n == MOST_IDS || (declared && o->names.all[n].declared)) {
        o->misnamed = 1;
        return 0;
    }
    o->names.all[n].declared |= declared;
    return put_nth(o, 'n', n);
}

/* Whether each tool that is used is declared too. */
static int all_declared(const Outline *o)
{
    for (unsigned n = 0; n < o->names.count; n++)
        if (!o->names.all[n].declared)
            return 0;
    return 1;
}

/* ---- schemas of tools, those of plain words; `_simple` in schemas.py knows the same ----------------------- */

static const uint8_t *schema(const uint8_t *p, unsigned depth);

/* Past a string without escapes. */
static const uint8_t *bare(const uint8_t *p)
{
    if (*p != '"')
        return NULL;
    for (p++; *p != '"'; p++)
        if (*p == '\\')
            return NULL;
    return p + 1;
}

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

/* Past a regular expression, if it is surely well-formed; `well_formed` in schemas.py knows the same. */
static const uint8_t *pattern(const uint8_t *p)
{
    unsigned depth = 0;
    int within = 0, repeatable = 0;
    for (p++; *p != '"';) {
        uint8_t c = *p++;
        if (c == '\\') {
            c = *p++;
            if (c != '\\' && c != '"' && c != '/')
                return NULL;
            if (c == '\\') {
                if (*p == '"' || (*p == '\\' && p[1] != '\\' && p[1] != '"' && p[1] != '/'))
                    return NULL;
                p += 1 + (*p == '\\');
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

/* Past a list of strings, none of them twice. */
static const uint8_t *strings(const uint8_t *p)
{
    Id met[MEMBERS];
    unsigned count = 0;
    if (*p != '[')
        return NULL;
    for (p = space(p + 1); *p != ']'; count++) {
        const uint8_t *after = bare(p);
        if (!after || count == MEMBERS)
            return NULL;
        for (unsigned i = 0; i < count; i++)
            if (met[i].size == (size_t)(after - p) && memcmp(met[i].at, p, met[i].size) == 0)
                return NULL;
        met[count] = (Id){p, (size_t)(after - p), 0, 0};
        if (!(p = more(after, ']')))
            return NULL;
    }
    return p + 1;
}

/* Past a list of schemas, at least one. */
static const uint8_t *choices(const uint8_t *p, unsigned depth)
{
    if (*p != '[' || *(p = space(p + 1)) == ']')
        return NULL;
    while (*p != ']')
        if (!(p = schema(p, depth + 1)) || !(p = more(p, ']')))
            return NULL;
    return p + 1;
}

/* Past an object of schemas, or, as `how` says, of lists of strings or either; its keys may be patterns. */
static const uint8_t *schemas(const uint8_t *p, unsigned depth, char how)
{
    if (*p != '{')
        return NULL;
    for (p = space(p + 1); *p != '}';) {
        const uint8_t *key = p;
        p = space(space(skipped(p)) + 1);
        if (how == '^' && !pattern(key))
            return NULL;
        p = how == 'S' || (how == 'D' && *p == '[') ? strings(p) : schema(p, depth + 1);
        if (!p || !(p = more(p, '}')))
            return NULL;
    }
    return p + 1;
}

/* Past digits and nothing else. */
static const uint8_t *whole(const uint8_t *p)
{
    const uint8_t *after = digits(p);
    return after > p && after == scalar(p) ? after : NULL;
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

/* Past the dialect: of those whose words differ nothing is certain. */
static const uint8_t *dialect(const uint8_t *p)
{
    const uint8_t *after = bare(p);
    for (; after && p < after; p++)
        if (STARTS(p, "draft-0") && p[7] != '7')
            return NULL;
    return after;
}

static const uint8_t *anchor(const uint8_t *p)
{
    if (*p != '"' || !(alpha(p[1]) || p[1] == '_'))
        return NULL;
    for (p++; dashed(*p) || *p == '.';)
        p++;
    return *p == '"' ? p + 1 : NULL;
}

static const uint8_t *without_hash(const uint8_t *p)
{
    const uint8_t *after = bare(p);
    return after && !memchr(p, '#', (size_t)(after - p)) ? after : NULL;
}

/* The words that have a meaning. s: a text. b: true or false. t: types. o: schemas by name. ^: by pattern. S: lists of
 * strings by name. D: either. c: a list of schemas. j: a schema. n: a number. p: one above zero. w: a whole one. r: a list
 * of strings. l: a list. x: a pattern. h: the dialect. a: an anchor. i: an id. ?: nothing is certain. */
static const struct {
    const char *word;
    char how;
} VOCABULARY[] = {
    {"type", 't'}, {"description", 's'}, {"properties", 'o'}, {"required", 'r'}, {"enum", 'l'}, {"items", 'j'},
    {"title", 's'}, {"format", 's'}, {"$comment", 's'}, {"contentEncoding", 's'}, {"contentMediaType", 's'},
    {"$ref", 's'}, {"$dynamicRef", 's'}, {"pattern", 'x'}, {"$schema", 'h'}, {"$id", 'i'},
    {"$anchor", 'a'}, {"$dynamicAnchor", 'a'}, {"$recursiveAnchor", '?'}, {"$recursiveRef", '?'}, {"$vocabulary", '?'},
    {"readOnly", 'b'}, {"writeOnly", 'b'}, {"deprecated", 'b'}, {"uniqueItems", 'b'},
    {"$defs", 'o'}, {"definitions", 'o'}, {"dependentSchemas", 'o'}, {"patternProperties", '^'},
    {"dependentRequired", 'S'}, {"dependencies", 'D'},
    {"anyOf", 'c'}, {"oneOf", 'c'}, {"allOf", 'c'}, {"prefixItems", 'c'},
    {"additionalProperties", 'j'}, {"not", 'j'}, {"if", 'j'}, {"then", 'j'}, {"else", 'j'}, {"contains", 'j'},
    {"propertyNames", 'j'}, {"unevaluatedItems", 'j'}, {"unevaluatedProperties", 'j'}, {"contentSchema", 'j'},
    {"minLength", 'w'}, {"maxLength", 'w'}, {"minItems", 'w'}, {"maxItems", 'w'}, {"minProperties", 'w'},
    {"maxProperties", 'w'}, {"minContains", 'w'}, {"maxContains", 'w'},
    {"multipleOf", 'p'}, {"minimum", 'n'}, {"maximum", 'n'}, {"exclusiveMinimum", 'n'}, {"exclusiveMaximum", 'n'},
    {"examples", 'l'},
};

/* Past the value of a word of a schema; its canonical form has been written, so that the JSON is sound. A word without
 * a meaning may have any. */
static const uint8_t *worded(const uint8_t *word, size_t size, const uint8_t *p, unsigned depth)
{
    char how = 0;
    for (size_t i = 0; !how && i < sizeof VOCABULARY / sizeof *VOCABULARY; i++)
        if (strncmp(VOCABULARY[i].word, (const char *)word, size) == 0 && !VOCABULARY[i].word[size])
            how = VOCABULARY[i].how;
    switch (how) {
    case 0: return skipped(p);
    case 't': return typed(p);
    case 's': return *p == '"' ? skipped(p) : NULL;
    case 'x': return *p == '"' ? pattern(p) : NULL;
    case 'b': return *p == 't' || *p == 'f' ? scalar(p) : NULL;
    case 'o': case '^': case 'S': case 'D': return schemas(p, depth, how);
    case 'c': return choices(p, depth);
    case 'j': return schema(p, depth + 1);
    case 'n': case 'p': return number(p, how == 'p');
    case 'w': return whole(p);
    case 'r': return strings(p);
    case 'l': return *p == '[' ? skipped(p) : NULL;
    case 'h': return dialect(p);
    case 'a': return anchor(p);
    case 'i': return without_hash(p);
    default: return NULL;
    }
}

static const uint8_t *schema(const uint8_t *p, unsigned depth)
{
    if (*p == 't' || *p == 'f')
        return scalar(p);
    if (*p != '{' || depth == DEPTH)
        return NULL;
    for (p = space(p + 1); *p != '}';) {
        const uint8_t *word = p + 1, *after = bare(p);
        if (!after)
            return NULL;
        p = space(space(after) + 1);
        if (!(p = worded(word, (size_t)(after - word) - 1, p, depth)) || !(p = more(p, '}')))
            return NULL;
    }
    return p + 1;
}

/* A tool's schema, which says object at its top. */
static int takes_an_object(Outline *o, const uint8_t *p)
{
    if (*p != '{' || !schema(p, 0))
        return 0;
    for (p = space(p + 1); *p != '}';) {
        const uint8_t *value = space(space(skipped(p)) + 1);
        if (STARTS(p, "\"type\""))
            return STARTS(value, "\"object\"") && put(o, "{\"type\":\"object\"}", 17);
        p = more(skipped(value), '}');
    }
    return 0;
}

/* An address in S3: its bucket tells. */
static int addressed(Outline *o, const uint8_t *p, const uint8_t *after)
{
    const uint8_t *end = after - 1, *bucket = p + 6, *q = bucket;
    if (!STARTS(p, "\"s3://"))
        return 0;
    while (q < end && (digit(*q) || (alpha(*q) && *q >= 'a') || *q == '.' || *q == '-'))
        q++;
    if (q == end || *q != '/' || q - bucket < 3 || q - bucket > 63 || *bucket == '.' || *bucket == '-' || q[-1] == '.' || q[-1] == '-')
        return 0;
    const uint8_t *name = q + 1;
    for (q = name; q < end && (dashed(*q) || *q == '/' || *q == '.');)
        q++;
    if (q < end) /* the first strange sign tells */
        return *q >= ' ' && *q < 0x7f && *q != '\\' && put(o, p, (size_t)(name - p)) && put(o, q, 1) && put(o, "\"", 1);
    return q > name && q[-1] != '/' && put(o, p, (size_t)(name - p)) && put(o, "k\"", 2);
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
    int told;
    switch (part->how) {
    case 'o': told = put(o, "{}", 2); break;
    case 's': told = put(o, "\"x\"", 3); break;
    case 'x': case 'w': told = harmless(o, p, after, part->how == 'x') && put(o, "\"x\"", 3); break;
    case 'i': told = identified(o, p, size); break;
    case 'd': case 'n': told = called(o, p, size, part->how == 'd'); break;
    case 'b': told = (*p == 't' || *p == 'f') && put(o, "true", 4); break;
    case 'j': told = takes_an_object(o, p); break;
    case 'u': told = addressed(o, p, after); break;
    default: told = account(o, p, after);
    }
    return told ? after : NULL;
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
    const uint8_t name[] = {sign, (uint8_t)('0' + n / 100), (uint8_t)('0' + n / 10 % 10), (uint8_t)('0' + n % 10)};
    return put(o, name, sizeof name);
}

/* A block of one thing that is no text. */
static const uint8_t *special_block(Outline *o, const uint8_t *p)
{
    const uint8_t *after, *value = space(p + 1);
    const Part *part = part_of(KINDS_OF_BLOCKS, value);
    int n = part ? compared(o, p, &after) : -1;
    if (n < 0 || !marked(o, 1, n) || !put(o, "{", 1) || !put(o, part->key, strlen(part->key)) || !put(o, ":", 1))
        return NULL;
    p = space(value + strlen(part->key));
    if (*p != ':' || !(p = value_of(o, space(p + 1), part)))
        return NULL;
    p = space(p);
    return *p == '}' && p + 1 == after && put(o, "}", 1) ? after : NULL;
}

/* The tools of a record. Mostly what is wrong with them is in their outline, or else in their canonical form, which
 * Python reads once for all that are the same. */
static const uint8_t *declared_tools(Outline *o, const uint8_t *p)
{
    static const char hex[] = "0123456789abcdef";
    const uint8_t *after;
    int n = compared(o, p, &after);
    if (n < 0 || !marked(o, 2, n))
        return NULL;
    if (!o->names_tools) {
        if (*p == '{' && outlined(o, p, CONFIG))
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
