/* Secrets and personal data in a text, counted by kind; privacy.py defines them, pattern by pattern, and does the
 * same where there is no kernel. Included by lines.c.
 *
 * Each kind is looked for only at a sign that it must hold, and no sign makes more than some hundred steps of
 * work, or reads what another sign reads again more than a few times: any text takes about as long.
 */

enum { AWS_KEY, PRIVATE_KEY, WEB_TOKEN, GITHUB, SLACK, PHONE, MAIL, CARD, CPF, CNPJ, IBAN, KINDS };

static inline int digit(uint8_t c) { return c >= '0' && c <= '9'; }
static inline int capital(uint8_t c) { return c >= 'A' && c <= 'Z'; }
static inline int alpha(uint8_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
static inline int alnum(uint8_t c) { return digit(c) || alpha(c); }
static inline int wordly(uint8_t c) { return alnum(c) || c == '_'; }
static inline int dashed(uint8_t c) { return wordly(c) || c == '-'; }
static inline int local(uint8_t c) { return dashed(c) || c == '.' || c == '+'; }
static inline int coded(uint8_t c) { return capital(c) || digit(c); }

/* A text, and the sign at hand. What is before and after it is a zero. */
typedef struct {
    const uint8_t *from, *end;
} Text;

static inline uint8_t get(Text t, const uint8_t *p) { return p >= t.from && p < t.end ? *p : 0; }

static inline int literal(Text t, const uint8_t *p, const char *word, size_t size)
{
    return p >= t.from && (size_t)(t.end - p) >= size && memcmp(p, word, size) == 0;
}

#define IS(t, p, word) literal(t, p, word, sizeof word - 1)

/* Past what is of a class, but no more than so many. */
#define RUN(name, class) \
    static const uint8_t *name(Text t, const uint8_t *p, size_t most) \
    { \
        const uint8_t *stop = (size_t)(t.end - p) > most ? p + most : t.end; \
        while (p < stop && class(*p)) \
            p++; \
        return p; \
    }
RUN(past_digits, digit)
RUN(past_alpha, alpha)
RUN(past_words, wordly)
RUN(past_dashed, dashed)
RUN(past_coded, coded)

static int aws_key(Text t, const uint8_t *p)
{
    const uint8_t *begin = p - 2, *tail = p + 2;
    if (!(IS(t, begin, "AKIA") || IS(t, begin, "ASIA")) || coded(get(t, begin - 1)))
        return 0;
    for (unsigned i = 0; i < 16; i++) {
        uint8_t c = get(t, tail + i);
        if (!capital(c) && (c < '2' || c > '7'))
            return 0;
    }
    return !coded(get(t, tail + 16)) && !IS(t, tail + 9, "EXAMPLE");
}

static int private_key(Text t, const uint8_t *p)
{
    if (!IS(t, p - 4, "-----BEGIN "))
        return 0;
    for (p += 7; capital(get(t, p));) {
        if (IS(t, p, "PRIVATE KEY-----"))
            return 1;
        while (capital(get(t, p)))
            p++;
        if (get(t, p++) != ' ')
            return 0;
    }
    return 0;
}

static int web_token(Text t, const uint8_t *p)
{
    if (!IS(t, p - 2, "eyJ") || dashed(get(t, p - 3)))
        return 0;
    const uint8_t *q = past_dashed(t, p + 1, SIZE_MAX);
    if (q - p < 11 || !IS(t, q, ".eyJ"))
        return 0;
    p = q + 4;
    q = past_dashed(t, p, SIZE_MAX);
    return q - p >= 10 && get(t, q) == '.' && past_dashed(t, q + 1, 20) - q == 21;
}

static int github(Text t, const uint8_t *p)
{
    const uint8_t *begin = p - 3;
    size_t size = 36;
    if (!(IS(t, begin, "ghp_") || IS(t, begin, "gho_") || IS(t, begin, "ghu_") || IS(t, begin, "ghs_") || IS(t, begin, "ghr_"))) {
        begin = p - 10;
        size = 82;
        if (!IS(t, begin, "github_pat_"))
            return 0;
    }
    return !wordly(get(t, begin - 1)) && (size_t)(past_words(t, p + 1, size + 1) - p - 1) == size;
}

static int slack(Text t, const uint8_t *p)
{
    if (!IS(t, p - 4, "xox") || !memchr("abprs", p[-1], 5) || wordly(get(t, p - 5)))
        return 0;
    const uint8_t *q = past_digits(t, p + 1, SIZE_MAX);
    return q - p > 8 && get(t, q) == '-' && past_dashed(t, q + 1, 20) - q == 21;
}

/* The end of [0-9]{2,5}(?:[ .-][0-9]{2,5}){1,3}(?![\w-]), as a regular expression finds it, or NULL. */
static const uint8_t *groups(Text t, const uint8_t *p, unsigned done)
{
    const uint8_t *least = p + 2;
    for (const uint8_t *q = past_digits(t, p, 5); q >= least; q--) {
        uint8_t c = get(t, q);
        if (done < 3 && (c == ' ' || c == '.' || c == '-')) {
            const uint8_t *found = groups(t, q + 1, done + 1);
            if (found)
                return found;
        }
        if (done && !dashed(c))
            return q;
    }
    return NULL;
}

static int apart(uint8_t c) { return c == ' ' || c == '.' || c == '-'; }

static const uint8_t *after_country(Text t, const uint8_t *p)
{
    for (int gap = apart(get(t, p)); gap >= 0; gap--) {
        const uint8_t *q = p + gap, *found;
        if (get(t, q) == '(') {
            const uint8_t *close = past_digits(t, q + 1, 4);
            if (close > q + 1 && get(t, close) == ')') {
                for (int more = apart(get(t, close + 1)); more >= 0; more--)
                    if ((found = groups(t, close + 1 + more, 0)))
                        return found;
            }
        }
        if ((found = groups(t, q, 0)))
            return found;
    }
    return NULL;
}

static int phone(Text t, const uint8_t *p)
{
    uint8_t before = get(t, p - 1), first = get(t, p + 1);
    if (wordly(before) || before == '+' || first < '1' || first > '9')
        return 0;
    for (const uint8_t *q = past_digits(t, p + 2, 2); q >= p + 2; q--) {
        const uint8_t *end = after_country(t, q);
        if (!end)
            continue;
        unsigned digits = 0;
        for (; p < end; p++)
            digits += (unsigned)digit(*p);
        return digits >= 8 && digits <= 15;
    }
    return 0;
}

/* Whether a label is that word, in any case. */
static int label(const uint8_t *p, const uint8_t *end, const char *word)
{
    for (; p < end; p++, word++)
        if (!*word || (*p | 0x20) != (uint8_t)*word)
            return 0;
    return !*word;
}

static int mail(Text t, const uint8_t *p)
{
    const uint8_t *begin = p, *starts[9], *q = p + 1;
    while (p - begin <= 64 && local(get(t, begin - 1)))
        begin--;
    if (p == begin || p - begin > 64 || !alnum(*begin))
        return 0;
    unsigned labels = 0;
    for (starts[0] = q; labels < 8;) {
        const uint8_t *s = q;
        while (s < t.end && s - q < 63 && (alnum(*s) || *s == '-'))
            s++;
        if (s == q || get(t, s) != '.')
            break;
        q = s + 1;
        starts[++labels] = q;
    }
    for (; labels; labels--) {
        const uint8_t *top = starts[labels], *end = past_alpha(t, top, 24);
        if (end - top < 2 || dashed(get(t, end)))
            continue;
        if (label(top, end, "test") || label(top, end, "invalid") || label(top, end, "localhost") || label(top, end, "example"))
            return 0;
        int sample = label(top, end, "com") || label(top, end, "net") || label(top, end, "org");
        return !(sample && label(starts[labels - 1], top - 1, "example"));
    }
    return 0;
}

/* Whether the digits from p on, as many as that, are all one. */
static int one_digit(const uint8_t *digits, size_t size)
{
    for (size_t i = 1; i < size; i++)
        if (digits[i] != digits[0])
            return 0;
    return 1;
}

/* Reads a number by its look (0 for a digit, ? for a mark that is the same each time or nothing); gives its end, or
 * NULL, and its digits. */
static const uint8_t *looks(Text t, const uint8_t *p, const char *look, uint8_t *digits)
{
    uint8_t mark = 0;
    int known = 0;
    for (; *look; look++) {
        uint8_t c = get(t, p);
        if (*look == '?') {
            if (!known) {
                mark = c == ' ' || c == '-' ? c : 0;
                known = 1;
            }
            if (mark && c != mark)
                return NULL;
            p += mark != 0;
        } else if (*look == '0') {
            if (!digit(c))
                return NULL;
            *digits++ = (uint8_t)(c - '0');
            p++;
        } else if (c != (uint8_t)*look) {
            return NULL;
        } else {
            p++;
        }
    }
    return dashed(get(t, p)) ? NULL : p;
}

static int luhn(const uint8_t *digits, unsigned size)
{
    unsigned total = 0;
    for (unsigned i = 0; i < size; i++) {
        unsigned n = digits[size - 1 - i] * (i % 2 ? 2u : 1u);
        total += n > 9 ? n - 9 : n;
    }
    return total % 10 == 0 && !one_digit(digits, size);
}

/* The check digit of Brazil's numbers after so many digits; weights run from 2 to `most`, from the right. */
static unsigned weighed(const uint8_t *digits, unsigned size, unsigned most)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < size; i++)
        sum += digits[size - 1 - i] * (2 + i % (most - 1));
    return sum % 11 < 2 ? 0 : 11 - sum % 11;
}

static int brazilian(const uint8_t *digits, unsigned size, unsigned most)
{
    return !one_digit(digits, size) && weighed(digits, size - 2, most) == digits[size - 2] &&
           weighed(digits, size - 1, most) == digits[size - 1];
}

/* A number of two digits or more that begins here; gives where to go on. */
static const uint8_t *numbered_kinds(Text t, const uint8_t *p, uint32_t *counts)
{
    uint8_t digits[16], before = get(t, p - 1);
    const uint8_t *end = p, *found = NULL;
    if (!dashed(before) && before != '.') {
        unsigned first = (unsigned)(p[0] - '0') * 10 + (unsigned)(get(t, p + 1) - '0'), size = 0;
        if ((first >= 40 && first < 50) || (first >= 51 && first <= 55) || (first >= 22 && first <= 27) || first == 65 || IS(t, p, "6011")) {
            size = 16;
            found = looks(t, p, "0000?0000?0000?0000", digits);
        } else if (first == 34 || first == 37) {
            size = 15;
            found = looks(t, p, "0000?000000?00000", digits);
        }
        if (found) {
            end = found;
            counts[CARD] += (unsigned)luhn(digits, size);
        }
        if ((found = looks(t, p, "000.000.000-00", digits))) {
            end = found;
            counts[CPF] += (unsigned)brazilian(digits, 11, 11);
        }
        if ((found = looks(t, p, "00.000.000/0000-00", digits))) {
            end = found;
            counts[CNPJ] += (unsigned)brazilian(digits, 14, 9);
        }
    }
    return past_digits(t, end, SIZE_MAX);
}

/* The account number whose two capitals are before this number. */
static int iban(Text t, const uint8_t *p)
{
    const uint8_t *begin = p - 2, *ends[8], *q = p + 2;
    if (!capital(get(t, begin)) || !capital(get(t, p - 1)) || wordly(get(t, begin - 1)))
        return 0;
    unsigned n = 0;
    for (; n < 7; n++) {
        const uint8_t *s = q + (get(t, q) == ' ');
        if (past_coded(t, s, 4) != s + 4)
            break;
        q = s + 4;
        ends[n] = q;
    }
    for (; n >= 2; n--) {
        q = ends[n - 1];
        const uint8_t *s = q + (get(t, q) == ' '), *tail = past_coded(t, s, 3);
        const uint8_t *end = tail > s && !wordly(get(t, tail)) ? tail : !wordly(get(t, q)) ? q : NULL;
        if (!end)
            continue;
        uint64_t rest = 0;
        for (unsigned turn = 0; turn < 2; turn++) /* its first four signs count as its last */
            for (const uint8_t *c = turn ? begin : p + 2; c < (turn ? p + 2 : end); c++)
                if (*c != ' ') {
                    rest = digit(*c) ? rest * 10 + *c - '0' : rest * 100 + *c - 'A' + 10;
                    if (rest > UINT64_MAX / 1000)
                        rest %= 97;
                }
        return rest % 97 == 1;
    }
    return 0;
}

/* Counts what is at one sign; gives where to go on. */
static const uint8_t *counted(Text t, const uint8_t *p, uint32_t *counts)
{
    switch (*p) {
    case '@': counts[MAIL] += (unsigned)mail(t, p); break;
    case '+': counts[PHONE] += (unsigned)phone(t, p); break;
    case 'I': counts[AWS_KEY] += (unsigned)aws_key(t, p); break;
    case 'J': counts[WEB_TOKEN] += (unsigned)web_token(t, p); break;
    case '_': counts[GITHUB] += (unsigned)github(t, p); break;
    case '-':
        counts[SLACK] += (unsigned)slack(t, p);
        counts[PRIVATE_KEY] += (unsigned)private_key(t, p);
        break;
    default:
        if (digit(*p)) {
            if (!digit(get(t, p + 1)))
                return p + 1;
            counts[IBAN] += (unsigned)iban(t, p);
            return numbered_kinds(t, p, counts);
        }
    }
    return p + 1;
}
