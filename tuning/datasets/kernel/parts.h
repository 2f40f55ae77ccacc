/* Records that are put together from parts that are known, such as a tool use or an image. Included by lines.c.
 *
 * An outline is of a whole record, so a file in which each record has its blocks in another order has as many
 * outlines as records. What is wrong with a record of tool uses, media and texts is what is wrong with each of
 * its elements, and what holds between them: turns alternate, each tool use is answered in the turn after it,
 * media are of one kind and not too many. The latter is looked into here, and unless all of it is sound for certain,
 * the outline decides. Python diagnoses each element once (record_parts.py), and says which the kernel may count.
 *
 * An element is a byte that says where it is, and a piece of the outline without its numbers: h the head, s a text of
 * the system, u and a a block of the user and the assistant, t a tool, c the choice of one. A text that says something,
 * without a reserved word, is no element: nothing is wrong with it.
 */

typedef struct {
    Scan *s;
    uint16_t *met; /* which elements, each as often as it is there */
    unsigned count;
    uint64_t parts, contested, media[3];
    unsigned texts; /* how many came so far */
    int system, system_end, tools, message, answer, message_end; /* numbers of texts; one of none is -1 */
    uint32_t *asked; /* of each id: one more than the turn that uses it, ANSWERED, or 0 */
} Parted;

enum { ANSWERED = 1 << 30, LONGEST_ELEMENT = 4096 };
enum { SYSTEM_PART = 1, TOOLS_PART = 2, IMAGE_PART = 4, REASONING_PART = 32, USE_PART = 64, RESULT_PART = 128 };

static const uint8_t *past(const uint8_t *p, const char *literal)
{
    size_t size = strlen(literal);
    return memcmp(p, literal, size) == 0 ? p + size : NULL;
}

/* A number that the outline gives an id. */
static unsigned numeral(const uint8_t *p)
{
    unsigned n = 0;
    for (unsigned i = 0; i < WIDTH; i++)
        n = 10 * n + (p[i] - '0');
    return n;
}

/* Notes an element; 0 when it is not known, which Python is notified of if it is the first of the line. */
static int element(Parted *c, uint8_t place, const uint8_t *p, size_t size)
{
    Scan *s = c->s;
    uint8_t *name = s->element, *out = name;
    if (size > LONGEST_ELEMENT || c->count == 2 * PIECES)
        return 0;
    *out++ = place;
    for (const uint8_t *end = p + size; p < end; p++) {
        *out++ = *p;
        if (*p == '"' && end - p > 2 + WIDTH && (p[1] == 'i' || p[1] == 'n') && digit(p[2]) && p[2 + WIDTH] == '"') {
            *out++ = p[1]; /* an id or the name of a tool */
            spell(out, 0);
            out += WIDTH;
            p += 1 + WIDTH;
        }
    }
    s->element_size = (uint64_t)(out - name);
    uint64_t digest = lines_digest(name, s->element_size), slot = digest;
    for (uint16_t n; (n = s->slots[slot %= SLOTS]); slot++) {
        const Element *known = &s->elements[n - 1];
        if (known->digest == digest && known->size == s->element_size && memcmp(known->name, name, known->size) == 0) {
            c->met[c->count++] = n - 1;
            c->contested |= known->contested;
            s->element_size = 0;
            return 1;
        }
    }
    return 0;
}

/* Past a text block, of which the reserved words are an element, or that it is blank; gives the number of the text. */
static const uint8_t *said_at(Parted *c, const uint8_t *p, uint8_t place, unsigned *number)
{
    static const char *const blanks[] = {"{\"text\":\"\"}", "{\"text\":\" \"}"};
    if (!(p = past(p, "{\"text\":\"")))
        return NULL;
    *number = c->texts++;
    if (*p != 't' || !digit(p[1])) {
        const char *name = blanks[*p != '"'];
        p = *p == '"' ? p + 1 : *p == 0xe2 ? p + 3 * WIDTH + 1 : NULL;
        return p && *p == '}' && element(c, place, (const uint8_t *)name, strlen(name)) ? p + 1 : NULL;
    }
    const uint8_t *words = p += 1 + WIDTH;
    while (*p != '"')
        p++;
    if (p[1] != '}' || (p > words && !element(c, place, words, (size_t)(p - words))))
        return NULL;
    return p + 2;
}

/* Whether a tool use or a result is where it belongs, by the number of its id. */
static int paired(Parted *c, const uint8_t *block, const uint8_t *end, int used, unsigned turn)
{
    const uint8_t *id = NULL;
    for (const uint8_t *p = block; !id && p < end; p++)
        id = *p == '"' ? past(p, "\"toolUseId\":\"i") : NULL;
    if (!id)
        return 0;
    uint32_t *asked = &c->asked[numeral(id)];
    if (used ? *asked != 0 : *asked == 0 || *asked == ANSWERED || turn > *asked)
        return 0;
    *asked = used ? turn + 1 : ANSWERED;
    return 1;
}

/* Past a block that is no text. */
static const uint8_t *other_at(Parted *c, const uint8_t *p, uint8_t place, unsigned turn, unsigned *number)
{
    if (*p != 1)
        return NULL;
    *number = c->texts++;
    p += 1 + WIDTH;
    const Part *part = part_of(KINDS_OF_BLOCKS, p + 1);
    const uint8_t *end = skipped(p);
    unsigned n = part ? (unsigned)(part - KINDS_OF_BLOCKS) : 0, bit = (unsigned)IMAGE_PART << n;
    if (!part || (bit == USE_PART && place != 'a') || (bit == RESULT_PART && place != 'u'))
        return NULL;
    if (bit < REASONING_PART && ++c->media[n] > c->s->most[n])
        return NULL;
    if (bit > REASONING_PART && !paired(c, p, end, bit == USE_PART, turn))
        return NULL;
    c->parts |= bit;
    return element(c, place, p, (size_t)(end - p)) ? end : NULL;
}

/* Past a turn, its role before its content or after. */
static const uint8_t *turn_at(Parted *c, const uint8_t *p, unsigned turn)
{
    static const char *const roles[] = {"\"role\":\"user\"", "\"role\":\"assistant\""};
    uint8_t place = turn & 1 ? 'a' : 'u';
    const uint8_t *first = *p == '{' ? past(p + 1, roles[turn & 1]) : NULL;
    if (!(p = first ? past(first, ",\"content\":[") : past(p, "{\"content\":[")))
        return NULL;
    for (int begun = 0;; begun = 1) {
        unsigned number;
        if (!(p = *p == '{' ? said_at(c, p, place, &number) : other_at(c, p, place, turn, &number)))
            return NULL;
        c->message_end = (int)number + 1;
        if (!begun)
            c->answer = (int)number;
        if (*p == ']')
            break;
        p++; /* the comma */
    }
    if (!first && !(p = past(p, "],")))
        return NULL;
    p = first ? p + 1 : past(p, roles[turn & 1]);
    return p && *p == '}' ? p + 1 : NULL;
}

static const uint8_t *turns_at(Parted *c, const uint8_t *p, unsigned ids)
{
    unsigned turn = 0;
    if (*p != '[')
        return NULL;
    for (p++;; p++, turn++) {
        if (!(p = turn_at(c, p, turn)))
            return NULL;
        if (!turn)
            c->message = c->answer;
        if (*p == ']')
            break;
    }
    for (unsigned n = 0; n < ids; n++)
        if (c->asked[n] && c->asked[n] != ANSWERED && c->asked[n] != turn + 1) /* the last turn may end in a call */
            return NULL;
    return turn & 1 ? p + 1 : NULL;
}

static const uint8_t *system_at(Parted *c, const uint8_t *p)
{
    unsigned number;
    uint64_t count = 0;
    if (*p != '[')
        return NULL;
    for (p++;; p++, count++) {
        if (count == c->s->system_blocks || !(p = said_at(c, p, 's', &number)))
            return NULL;
        if (!count)
            c->system = (int)number;
        c->system_end = (int)number + 1;
        if (*p == ']')
            return p + 1;
    }
}

static const uint8_t *tools_at(Parted *c, const uint8_t *p)
{
    if (*p != 2 || p[1 + WIDTH] != '{')
        return NULL;
    c->tools = (int)c->texts++;
    const uint8_t *end, *choice = past(p += 2 + WIDTH, "\"toolChoice\":");
    if (choice) {
        end = skipped(choice);
        if (!element(c, 'c', choice, (size_t)(end - choice)) || *end != ',')
            return NULL;
        p = end + 1;
    }
    if (!(p = past(p, "\"tools\":[")))
        return NULL;
    for (; *p == '{'; p = end + (*end == ',')) {
        end = skipped(p);
        if (!element(c, 't', p, (size_t)(end - p)))
            return NULL;
    }
    return p[-1] != '[' && p[0] == ']' && p[1] == '}' ? p + 2 : NULL;
}

/* Whether the parts of a record go together. */
static int together(Parted *c)
{
    unsigned kinds = (c->media[0] > 0) + (c->media[1] > 0) + (c->media[2] > 0);
    if (kinds && c->parts & REASONING_PART)
        c->contested |= c->s->reasoned;
    return kinds < 2;
}

/* A record by its outline; 0 when something in it is not known, or not sound for certain. */
static int by_parts(Parted *c, const Outline *o)
{
    const uint8_t *p = c->s->outline + 1, *key;
    int versioned = 0;
    for (;; p++) {
        if ((key = past(p, "\"schemaVersion\":" VERSION)) && !versioned)
            versioned = 1;
        else if ((key = past(p, "\"system\":")) && c->system < 0)
            key = system_at(c, key);
        else if ((key = past(p, "\"toolConfig\":")) && c->tools < 0)
            key = tools_at(c, key);
        else if ((key = past(p, "\"messages\":")) && c->message < 0)
            key = turns_at(c, key, o->notes->ids.count);
        else
            return 0;
        if (!(p = key))
            return 0;
        if (*p != ',')
            break;
    }
    c->parts |= (c->system < 0 ? 0 : SYSTEM_PART) | (c->tools < 0 ? 0 : TOOLS_PART);
    const uint8_t head[] = {versioned ? 'v' : '-', c->tools < 0 && c->parts & (USE_PART | RESULT_PART) ? 'u' : '-'};
    return *p == '}' && c->message >= 0 && (memcmp(head, "v-", 2) == 0 || element(c, 'h', head, 2)) && together(c);
}

static void append(Known *k, uint32_t *text, int from, int end)
{
    for (int n = from; n >= 0 && n < end; n++)
        text[k->pieces++] = (uint32_t)n;
}

/* The same, as if its whole outline were known. */
static int known_by_parts(Scan *s, const Outline *o, Parted *c, Known *k)
{
    Notes *notes = o->notes;
    *c = (Parted){.s = s, .met = notes->met, .asked = notes->asked, .system = -1, .tools = -1, .message = -1};
    memset(notes->asked, 0, notes->ids.count * sizeof *notes->asked);
    s->element_size = 0;
    if (s->pairs || o->names_tools || !by_parts(c, o)) /* in the second case something is wrong with a name */
        return 0;
    k->readable = 1;
    k->system = c->parts;
    k->pieces = 0;
    k->text = notes->text;
    append(k, notes->text, c->system, c->system_end);
    append(k, notes->text, c->tools, c->tools + 1);
    append(k, notes->text, c->message, c->answer);
    k->prompt = k->pieces;
    append(k, notes->text, c->answer, c->message_end);
    return 1;
}

/* Counts what a record holds that AWS's pages disagree on. */
static void count_contested(Scan *s, uint64_t contested)
{
    for (unsigned n = 0; n < SUBJECTS; n++)
        if (contested >> n & 1 && !s->contested[n]++)
            s->contested_line[n] = s->line;
}

/* Counts its elements, and that. */
static void count_elements(Scan *s, const Parted *c)
{
    for (unsigned i = 0; i < c->count; i++)
        s->elements[c->met[i]].times++;
    count_contested(s, c->contested);
}
