/* Lines that no value can be read from, rule by rule, once enough is listed of each. Included by lines.c.
 *
 * It goes on as Python's decoder does, to the first sign that it stops at; malformed.py says which rule that breaks, and
 * syntax.py what goes before all that. Where something else may be found first, Python decides.
 */

/* Rules, behind those of verdicts.h; as `COUNTED_RULES` in __init__.py has them. */
enum { R101 = JUDGED, R103, R104, R105, R109, R201, R203, R204, R205, R206, R208, COUNTED };
_Static_assert(COUNTED == COUNTED_RULES, "as many as Scan has room for");
enum { SURE_DEPTH = 500, SOUND = -1, NOT_CERTAIN = -2, LONGEST_DIGITS = 300 };

typedef struct {
    const uint8_t *p, *stop; /* at the stop is the line feed */
    int found;               /* a rule, SOUND or NOT_CERTAIN */
    int odd;                 /* the rule that the first constant or number that JSON does not know breaks */
    int deep;                /* whether objects and lists are within each other beyond what is read */
    int objects, halves;     /* whether objects are there, and escapes that may be half of a character */
} Decoding;

static int stopped(Decoding *d, int rule)
{
    d->found = rule;
    return 0;
}

static void gap(Decoding *d)
{
    while (*d->p == ' ' || *d->p == '\t' || *d->p == '\r')
        d->p++;
}

static int a_string(Decoding *d)
{
    const uint8_t *p = d->p + 1;
    for (;;) {
        Block b = block(p);
        unsigned n = first((b == all('"')) | (b == all('\\')) | (b < all(0x20)));
        p += n;
        if (n == 16)
            continue;
        if (*p == '"') {
            d->p = p + 1;
            return 1;
        }
        if (*p < 0x20)
            return stopped(d, R105); /* or the line ends */
        if (p[1] == 'u') {
            int32_t c = hex4(p + 2);
            if (c < 0)
                return stopped(d, R201);
            d->halves |= c >= 0xd800 && c <= 0xdfff;
            p += 6;
        } else if (p[1] && strchr("\"\\/bfnrt", p[1])) {
            p += 2;
        } else {
            return stopped(d, R201);
        }
    }
}

static int a_number(Decoding *d)
{
    const uint8_t *begin = d->p, *p = begin + (*begin == '-'), *whole = p, *end;
    char text[LONGEST_NUMBER + 1], *after;
    int fraction = 0;
    if (!digit(*p))
        return stopped(d, R201);
    p = *p == '0' ? p + 1 : digits(p);
    if (*p == '.' && digit(p[1])) {
        p = digits(p + 1);
        fraction = 1;
    }
    if (*p == 'e' || *p == 'E') {
        end = p + 1 + (p[1] == '+' || p[1] == '-');
        if (digit(*end)) {
            p = digits(end);
            fraction = 1;
        }
    }
    d->p = p;
    if (d->odd)
        return 1;
    if (!fraction) {
        d->odd = p - begin > LONGEST_DIGITS ? R205 : 0;
    } else if (p - whole > 16) {
        size_t size = (size_t)(p - begin);
        if (size > LONGEST_NUMBER)
            return stopped(d, NOT_CERTAIN);
        memcpy(text, begin, size);
        text[size] = 0;
        double value = strtod(text, &after);
        if (*after)
            return stopped(d, NOT_CERTAIN);
        d->odd = value - value != 0 ? R205 : 0;
    }
    return 1;
}

static int a_value(Decoding *d, unsigned depth);

/* The members of an object or the items of a list. */
static int held_in(Decoding *d, unsigned depth)
{
    uint8_t close = *d->p + 2;
    d->objects |= close == '}';
    d->deep |= depth >= DEPTH;
    d->p++;
    gap(d);
    if (*d->p == close) {
        d->p++;
        return 1;
    }
    for (;;) {
        if (close == '}') {
            if (*d->p != '"')
                return stopped(d, R201);
            if (!a_string(d))
                return 0;
            gap(d);
            if (*d->p++ != ':')
                return stopped(d, R201);
            gap(d);
        }
        if (!a_value(d, depth + 1))
            return 0;
        gap(d);
        if (*d->p == close) {
            d->p++;
            return 1;
        }
        if (*d->p++ != ',')
            return stopped(d, R201);
        gap(d);
    }
}

static int a_word(Decoding *d, size_t size, int odd)
{
    d->p += size;
    d->odd = d->odd ? d->odd : odd;
    return 1;
}

static int a_value(Decoding *d, unsigned depth)
{
    const uint8_t *p = d->p;
    switch (*p) {
    case '"': return a_string(d);
    case '{': case '[': return depth > SURE_DEPTH ? stopped(d, NOT_CERTAIN) : held_in(d, depth);
    case 'n': return STARTS(p, "null") ? a_word(d, 4, 0) : stopped(d, R201);
    case 't': return STARTS(p, "true") ? a_word(d, 4, 0) : stopped(d, R201);
    case 'f': return STARTS(p, "false") ? a_word(d, 5, 0) : stopped(d, R201);
    case 'N': return STARTS(p, "NaN") ? a_word(d, 3, R203) : stopped(d, R201);
    case 'I': return STARTS(p, "Infinity") ? a_word(d, 8, R203) : stopped(d, R201);
    case '-':
        if (STARTS(p, "-Infinity"))
            return a_word(d, 9, R203);
    }
    return a_number(d);
}

/* What is wrong with the bytes of a line, or SOUND. */
static int illegible(const uint8_t *start, const uint8_t *stop)
{
    int nul = 0;
    for (const uint8_t *p = start; p < stop;) {
        Block b = block(p);
        unsigned size = first((b > all(0x7f)) | (b == all(0)));
        if (size == 0 && *p == 0) {
            nul = 1;
            size = 1;
        } else if (size == 0 && !(size = sequence(p))) {
            return p[0] == 0xed && p[1] >= 0xa0 && p[1] <= 0xbf ? R109 : R101;
        }
        p += size;
    }
    return nul ? R104 : STARTS(start, "\xef\xbb\xbf") ? R103 : SOUND;
}

/* The one rule that a line breaks which no record can be read from; SOUND where there may be one, or NOT_CERTAIN. */
static int unreadable(Decoding *d, const uint8_t *start, const uint8_t *stop)
{
    int found = illegible(start, stop);
    if (found != SOUND)
        return found;
    gap(d);
    if (!a_value(d, 0))
        return d->found;
    gap(d);
    if (*d->p != '\n')
        return *d->p == '{' || *d->p == '[' ? R206 : R201;
    return d->deep ? R204 : d->odd ? d->odd : SOUND;
}

/* Counts strings of a value that hold half of a character, and keys that are there twice; 0 when that is not certain. */
static int halved(Verdict *v, Outline *o, const uint8_t *p)
{
    *v = (Verdict){.o = o};
    o->r = (Reader){.base = o->s->texts, .out = o->s->texts, .last = o->s->texts, .halves = 1};
    o->pending = 0;
    if (!canon(o, p, 0))
        return 0;
    twice_in(v, o->r.base);
    return !v->unsure;
}

static int enough_of(const Scan *s, int rule) { return !(s->asked >> rule & ~s->enough >> rule & 1); }

static void count_rule(Scan *s, int rule, uint64_t times) { s->judged[rule] += s->asked >> rule & 1 ? times : 0; }

/* Counts a line that holds no record; 0 when it may hold one, or findings are still to be listed. `stop` is at its end,
 * and without the carriage return, `end` at the line feed. */
static int count_unreadable(Scan *s, Outline *o, const uint8_t *start, const uint8_t *stop, const uint8_t *end)
{
    Decoding d = {.p = start, .stop = stop, .found = SOUND};
    const uint8_t *tail = end, *begin = space(start);
    while (tail > start && tail[-1] == '\r')
        tail--;
    if (!s->enough || (tail > start && tail[-1] == 0x1a)) /* Ctrl-Z is taken off first */
        return 0;
    int rule = unreadable(&d, start, stop), record = *begin == '{';
    if (rule == SOUND) {
        Verdict v = {.halves = 0};
        if (record && !d.halves)
            return 0;
        if ((d.halves || d.objects) && !halved(&v, o, begin))
            return 0;
        if ((record && !v.halves) || (v.halves && !enough_of(s, R109)) || (v.nested && !enough_of(s, R202)) || (!record && !enough_of(s, R208)))
            return 0;
        count_rule(s, R109, v.halves);
        count_rule(s, R202, v.nested);
        count_rule(s, R208, !record);
        return 1;
    }
    if (rule < 0 || !enough_of(s, rule))
        return 0;
    count_rule(s, rule, 1);
    return 1;
}
