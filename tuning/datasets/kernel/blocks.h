/* Blocks of a record that are no text, such as tool uses and media, and the tools that it declares. Included by lines.c.
 *
 * What compares of a block is its canonical JSON, as Python's json.dumps(block, sort_keys=True, ensure_ascii=False,
 * separators=(",", ":")) writes it; it stands among the texts, after a byte that says so. What is wrong with a block
 * depends on less: its outline has its keys and names, a number for each id of a tool use, and nothing of what
 * is only there. Whatever is not written the plain way is not certain here (NULL).
 */

enum { MEMBERS = 64 };

/* ---- canonical JSON ------------------------------------------------------------------------------ */

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
            if (p[1] == 'u' && hex4(p + 2) < 0x20)
                return NULL;
            uint8_t *begin = r->out;
            if (!(p = escape(r, p)))
                return NULL;
            if (*begin == '"' || *begin == '\\')
                return NULL;
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

/* A number that Python writes as it stands. */
static const uint8_t *canon_number(Reader *r, const uint8_t *p)
{
    const uint8_t *begin = p, *whole = p += *p == '-';
    while (digit(*p))
        p++;
    if (p == whole || p - whole > 15 || (*whole == '0' && p - whole > 1))
        return NULL;
    int zero = *whole == '0';
    if (*p == '.') {
        const uint8_t *part = ++p;
        while (digit(*p))
            p++;
        if (p == part || p - whole > 16 || (p[-1] == '0' && p - part > 1) || (zero && p - part > 3 && memcmp(part, "000", 3) == 0))
            return NULL;
    } else if (zero && begin != whole) {
        return NULL;
    }
    if (*p == 'e' || *p == 'E')
        return NULL;
    memcpy(r->out, begin, (size_t)(p - begin));
    r->out += p - begin;
    return p;
}

static const uint8_t *canon(Outline *o, const uint8_t *p, unsigned depth);

typedef struct {
    uint8_t *key, *end; /* of the member, from its key's quote on */
    size_t size; /* of the key */
} Member;

static int before(const Member *a, const Member *b)
{
    int order = memcmp(a->key + 1, b->key + 1, a->size < b->size ? a->size : b->size);
    return order ? order < 0 : a->size < b->size;
}

/* Puts the members in order; 0 when two have the same key, or there is no room to. */
static int ordered(Outline *o, Member *members, unsigned count)
{
    unsigned order[MEMBERS];
    int sorted = 1;
    for (unsigned i = 0; i < count; i++) {
        unsigned k = i;
        for (; k && before(&members[i], &members[order[k - 1]]); k--)
            order[k] = order[k - 1];
        order[k] = i;
        sorted &= k == i;
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
        if (memchr(members[count].key, '\\', members[count].size + 1) || *(p = space(p)) != ':')
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
    default: return canon_number(r, p);
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
    if (!(*after = canon(o, p, 0)))
        return -1;
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
    char how; /* v: a word as it is. s: any string. x: a text. i: an id. u: an address. a: an account. o: any object. Else what is inside: */
    uint8_t inner;
} Part;

enum { NOTHING, MEDIUM, SOURCE_OF, PLACE, REASONING, THOUGHT, USE, RESULT, PIECE };

#define END {NULL, 0, 0}
static const Part PARTS[][4] = {
    [MEDIUM] = {{"\"format\"", 'v', 0}, {"\"source\"", '{', SOURCE_OF}, {"\"name\"", 's', 0}, END},
    [SOURCE_OF] = {{"\"s3Location\"", '{', PLACE}, END},
    [PLACE] = {{"\"uri\"", 'u', 0}, {"\"bucketOwner\"", 'a', 0}, END},
    [REASONING] = {{"\"reasoningText\"", '{', THOUGHT}, END},
    [THOUGHT] = {{"\"text\"", 'x', 0}, {"\"signature\"", 's', 0}, END},
    [USE] = {{"\"toolUseId\"", 'i', 0}, {"\"name\"", 'v', 0}, {"\"input\"", 'o', 0}, END},
    [RESULT] = {{"\"toolUseId\"", 'i', 0}, {"\"content\"", '[', PIECE}, {"\"status\"", 'v', 0}, END},
    [PIECE] = {{"\"text\"", 'x', 0}, {"\"json\"", 'o', 0}, END},
};
static const Part KINDS_OF_BLOCKS[] = {
    {"\"image\"", '{', MEDIUM}, {"\"video\"", '{', MEDIUM}, {"\"document\"", '{', MEDIUM},
    {"\"reasoningContent\"", '{', REASONING}, {"\"toolUse\"", '{', USE}, {"\"toolResult\"", '{', RESULT}, END,
};

/* Past a sound value. */
static const uint8_t *skipped(const uint8_t *p)
{
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

/* Whether a text says something, and no word in it may be reserved. */
static int harmless(Outline *o, const uint8_t *p, const uint8_t *after)
{
    const Scan *s = o->s;
    if ((uint64_t)(after - p) > s->joined_room)
        return 0;
    Reader r = {.base = s->joined, .out = s->joined, .last = s->joined};
    if (!copied(&r, p) || blank(r.base, r.out))
        return 0;
    for (const uint8_t *at = r.base; at < r.out; at++) {
        if (*at != s->ends[0] && *at != s->ends[1] && *at != s->ends[2] && *at != s->ends[3])
            continue;
        for (const uint8_t *w = s->words; *w; w += *w + 1)
            if (*at == w[*w] && *w <= at - r.base + 1 && memcmp(at + 1 - *w, w + 1, *w) == 0)
                return 0;
    }
    return 1;
}

/* An id of a tool use: which of the record's ids it is. */
static int identified(Outline *o, const uint8_t *p, const uint8_t *after)
{
    size_t size = (size_t)(after - p);
    if (size < 3 || size > 66)
        return 0;
    for (size_t i = 1; i < size - 1; i++)
        if (!dashed(p[i]) && p[i] != '.' && p[i] != ':')
            return 0;
    unsigned n = 0;
    while (n < o->known_ids && (o->ids[n].size != size || memcmp(o->ids[n].at, p, size) != 0))
        n++;
    if (n == MOST_IDS)
        return 0;
    if (n == o->known_ids)
        o->ids[o->known_ids++] = (Id){p, size};
    const uint8_t name[] = {'"', 'i', (uint8_t)('0' + n / 10), (uint8_t)('0' + n % 10), '"'};
    return put(o, name, sizeof name);
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
    for (q = name; q < end; q++)
        if (!dashed(*q) && *q != '/' && *q != '.')
            return 0;
    return q > name && put(o, p, (size_t)(name - p)) && put(o, "k\"", 2);
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
    if (*p != (part->how == 'o' ? '{' : '"'))
        return NULL;
    const uint8_t *after = skipped(p);
    int told;
    switch (part->how) {
    case 'o': told = put(o, "{}", 2); break;
    case 's': told = put(o, "\"x\"", 3); break;
    case 'x': told = harmless(o, p, after) && put(o, "\"x\"", 3); break;
    case 'i': told = identified(o, p, after); break;
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

/* The tools of a record: all that is wrong with them is in their canonical form, which Python reads once. */
static const uint8_t *declared_tools(Outline *o, const uint8_t *p)
{
    static const char hex[] = "0123456789abcdef";
    const uint8_t *after;
    int n = compared(o, p, &after);
    if (n < 0 || !marked(o, 2, n))
        return NULL;
    uint64_t size = (uint64_t)(o->r.out - o->r.last);
    uint64_t digests[2] = {lines_digest(o->r.last, size), lines_digest(o->r.last + 1, size - 1)};
    uint8_t name[32];
    for (unsigned i = 0; i < 32; i++)
        name[i] = (uint8_t)hex[digests[i / 16] >> 4 * (i % 16) & 15];
    return put(o, name, sizeof name) ? after : NULL;
}
