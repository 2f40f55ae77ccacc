/* What is wrong with the tools of a record, with their uses and with their results. Included by lines.c.
 *
 * As verdicts.h has it, with the names and the order of tools.py and schemas.py. All of it is read in its canonical form, which is among
 * the texts, for an outline leaves out what only Python's words need.
 */

enum { SURE_SCHEMA = 40 };

static const uint8_t USE_NAMES[] = "\11toolUseId\4name\5input", RESULT_NAMES[] = "\11toolUseId\7content\6status", PIECE_NAMES[] = "\4text\4json",
                     CONFIG_NAMES[] = "\5tools\12toolChoice", TOOL_NAMES[] = "\10toolSpec", SPEC_NAMES[] = "\4name\13inputSchema\13description\6strict",
                     SCHEMA_NAMES[] = "\4json", CHOICE_NAMES[] = "\4auto\3any\4tool", CHOSEN_NAMES[] = "\4name";

/* ---- schemas.py: what is surely no JSON Schema ---------------------------------------------------------------- */

/* What the library takes for a word, in which drafts: n, b, i, s, l and o for null, true or false, numbers, strings, lists and objects;
 * n for the newest draft, 9 for that of 2019. What is in it: t: types. o: schemas by name. D: or lists of strings. c: a list of schemas. j: a schema, or several where
 * lists are taken. r: a list of strings. w: a whole number. p: one above zero. x: a pattern. */
static const struct {
    const char *taken, *drafts;
    char how;
    const char *words; /* each after a byte with its length */
} WORDS_OF_SCHEMAS[] = {
    {"sl", "n4679", 't', "\4type"},
    {"sl", "3", 0, "\4type\10disallow"},
    {"s", "n34679", 0, "\13description\5title\6format\7$schema"},
    {"s", "n34679", 'x', "\7pattern"},
    {"o", "n34679", 'o', "\12properties\21patternProperties"},
    {"o", "n4679", 'o', "\13definitions"},
    {"o", "n9", 'o', "\5$defs\20dependentSchemas"},
    {"o", "n34679", 'D', "\14dependencies"},
    {"o", "n9", 0, "\13$vocabulary\21dependentRequired"},
    {"l", "n4679", 'r', "\10required"},
    {"b", "3", 0, "\10required"},
    {"l", "n4679", 'c', "\5anyOf\5oneOf\5allOf"},
    {"l", "n", 'c', "\13prefixItems"},
    {"l", "n34679", 0, "\4enum"},
    {"l", "n679", 0, "\10examples"},
    {"bo", "n", 'j', "\5items"},
    {"lo", "34", 'j', "\5items"},
    {"blo", "679", 'j', "\5items"},
    {"bo", "n34679", 'j', "\24additionalProperties"},
    {"bo", "3", 0, "\17additionalItems"},
    {"bo", "4679", 'j', "\17additionalItems"},
    {"bo", "n679", 'j', "\3not\10contains\15propertyNames"},
    {"o", "4", 'j', "\3not"},
    {"bo", "n79", 'j', "\2if\4then\4else"},
    {"bo", "n9", 'j', "\20unevaluatedItems\25unevaluatedProperties\15contentSchema"},
    {"lo", "3", 'j', "\7extends"},
    {"s", "n79", 0, "\10$comment\17contentEncoding\20contentMediaType"},
    {"s", "n3679", 0, "\4$ref"},
    {"s", "n", 0, "\13$dynamicRef\16$dynamicAnchor\20$recursiveAnchor"},
    {"s", "n679", 0, "\3$id"},
    {"s", "34", 0, "\2id"},
    {"s", "n9", 0, "\7$anchor\15$recursiveRef"},
    {"b", "9", 0, "\20$recursiveAnchor"},
    {"b", "n79", 0, "\10readOnly"},
    {"b", "n9", 0, "\11writeOnly\12deprecated"},
    {"b", "n34679", 0, "\13uniqueItems"},
    {"i", "n34679", 'w', "\11minLength\10minItems\10maxItems"},
    {"i", "3", 0, "\11maxLength"},
    {"i", "n4679", 'w', "\11maxLength\15minProperties\15maxProperties"},
    {"i", "n9", 'w', "\13minContains\13maxContains"},
    {"i", "n34679", 0, "\7minimum\7maximum"},
    {"i", "n4679", 'p', "\12multipleOf"},
    {"i", "3", 'p', "\13divisibleBy"},
    {"i", "n679", 0, "\20exclusiveMinimum\20exclusiveMaximum"},
    {"b", "34", 0, "\20exclusiveMinimum\20exclusiveMaximum"},
};

/* What a value is, as there. */
static char kind_of(const uint8_t *p)
{
    return *p == '"' ? 's' : *p == '[' ? 'l' : *p == '{' ? 'o' : *p == 'n' ? 'n' : *p == 't' || *p == 'f' ? 'b' : 'i';
}

static int flawed(const uint8_t *p, Level at);

/* A list of types, none of them twice, or one. */
static int no_type(const uint8_t *p)
{
    unsigned which;
    if (*p == '"')
        return !a_type(p, &which);
    return !typed(p);
}

/* Whether a list surely holds something else than strings, or one of them twice, or nothing where something must be. */
static int no_strings(const uint8_t *p, Level at)
{
    unsigned count = 0;
    EACH_ITEM(item, p) {
        if (*item != '"')
            return 1;
        count++;
    }
    return count ? count < NEEDLES && !distinct(p, 0) : at.draft == DRAFT_4;
}

static int no_schemas(const uint8_t *p, Level at)
{
    EACH_ITEM(item, p)
        if (flawed(item, deeper(at)))
            return 1;
    return 0;
}

/* Whether a number is surely none that is whole and not negative, or, of the other kind, not above zero. */
static int no_size(const uint8_t *p, int positive)
{
    const uint8_t *end = scalar(p), *q = p;
    if (*p == '-' && p[1] >= '1' && p[1] <= '9')
        return !memchr(p, 'e', (size_t)(end - p)) && !memchr(p, 'E', (size_t)(end - p));
    if (*p == '-' || memchr(p, 'e', (size_t)(end - p)) || memchr(p, 'E', (size_t)(end - p)))
        return 0;
    if (positive) {
        while (q < end && (*q == '0' || *q == '.'))
            q++;
        return q == end;
    }
    for (q = digits(p); q < end; q++)
        if (*q >= '1' && *q <= '9')
            return 1;
    return 0;
}

/* Whether the value of a word is surely one that it cannot have. */
static int no_value(const uint8_t *p, Level at, char how)
{
    switch (how) {
    case 't': return no_type(p);
    case 'r': return no_strings(p, at);
    case 'c': return p[1] == ']' || no_schemas(p, at);
    case 'j': return *p == '[' ? no_schemas(p, at) : *p == '{' && flawed(p, deeper(at));
    case 'w': case 'p': return no_size(p, how == 'p');
    case 'x': return !memchr(p, '\\', (size_t)(skipped(p) - p)) && !pattern(p);
    case 'o': case 'D':
        EACH_PAIR(m, p) {
            int listed = how == 'D' && *m.value == '[', of_draft_3 = how == 'D' && *m.value == '"' && at.draft == DRAFT_3;
            if (listed && at.draft == DRAFT_3)
                continue;
            if (!of_draft_3 && (listed ? no_strings(m.value, at) : flawed(m.value, deeper(at))))
                return 1;
        }
    }
    return 0;
}

/* Whether a value, in its canonical form, is surely no schema; if not, it may be one. */
static int flawed(const uint8_t *p, Level at)
{
    if (*p == 't' || *p == 'f')
        return early(at);
    if (*p != '{')
        return 1;
    if (at.depth > SURE_SCHEMA)
        return 0;
    EACH_PAIR(m, p) {
        size_t rows = sizeof WORDS_OF_SCHEMAS / sizeof *WORDS_OF_SCHEMAS;
        for (size_t i = 0; i < rows; i++) {
            if (!strchr(WORDS_OF_SCHEMAS[i].drafts, "n34679"[at.draft]) || named((const uint8_t *)WORDS_OF_SCHEMAS[i].words, m) < 0)
                continue;
            if (!strchr(WORDS_OF_SCHEMAS[i].taken, kind_of(m.value)) || no_value(m.value, at, WORDS_OF_SCHEMAS[i].how))
                return 1;
            break;
        }
    }
    return 0;
}

static void check_schema(Verdict *v, const uint8_t *value)
{
    const uint8_t *kind = NULL, *named_as = NULL;
    if (!is_a(v, value, '{'))
        return;
    EACH_PAIR(m, value) {
        kind = size_of(m) == 6 && STARTS(m.key, "\"type\"") ? m.value : kind;
        named_as = size_of(m) == 9 && STARTS(m.key, "\"$schema\"") ? m.value : named_as;
    }
    v->times[R419] += !kind || !STARTS(kind, "\"object\"");
    int draft = !named_as ? NEWEST : *named_as == '"' ? dialect(named_as, skipped(named_as)) : -1;
    Level at = {0, (unsigned)draft};
    if (named_as && *named_as != '"')
        v->times[R419]++;
    else if (draft < 0)
        unsure(v);
    else if (schema(value, at))
        return;
    else if (flawed(value, at))
        v->times[R419]++;
    else
        unsure(v);
}

/* ---- tools.py --------------------------------------------------------------------------------------------------- */

/* Whether tools are taken in training data. */
static int takes_tools(const Scan *s)
{
    static const uint8_t quoted[] = "\"toolUse\"";
    return named(s->offered, (Pair){quoted, quoted + sizeof quoted, NULL}) >= 0;
}

/* Whether a value is a text that says something. */
static int says(Verdict *v, const uint8_t *value)
{
    const Scan *s = v->s;
    if (!is_a(v, value, '"'))
        return 0;
    Reader r = {.base = s->joined, .out = s->joined, .last = s->joined};
    if ((uint64_t)(skipped(value) - value) > s->joined_room || !copied(&r, value))
        return unsure(v);
    int something = !blank(r.base, r.out);
    v->times[R405] += !something;
    return something;
}

/* Whether a value is a text that says something; it must be of the signs that names and ids are made of. */
static int spelt_as(Verdict *v, const uint8_t *value, const char *more_signs)
{
    int something = says(v, value);
    v->times[R418] += something && !nameable(value, (size_t)(skipped(value) - value), more_signs);
    return something;
}

static unsigned one_of(Verdict *v, Ids *met, const uint8_t *string, int *is_new)
{
    unsigned before = met->count, n = nth(met, string, (size_t)(skipped(string) - string));
    *is_new = met->count > before;
    if (n == MOST_IDS)
        unsure(v);
    return n;
}

/* Whether a tool is declared. */
static int is_declared(const Verdict *v, const uint8_t *string)
{
    const Ids *met = &v->o->notes->offers;
    size_t size = (size_t)(skipped(string) - string);
    for (unsigned n = met->heads[lines_digest(string, size) % HEADS]; n; n = met->all[n - 1].next)
        if (met->all[n - 1].size == size && memcmp(met->all[n - 1].at, string, size) == 0)
            return 1;
    return 0;
}

static void tool_use(Verdict *v, const uint8_t *value, int role)
{
    const uint8_t *values[MOST_NAMES] = {NULL};
    v->times[R409] += role == USER;
    keys(v, value, USE_NAMES, 3, values, 0);
    if (values[0])
        spelt_as(v, values[0], ".:");
    if (values[1])
        spelt_as(v, values[1], "");
    if (values[2])
        is_a(v, values[2], '{');
}

static void piece_of_result(Verdict *v, const uint8_t *item)
{
    const uint8_t *values[MOST_NAMES] = {NULL};
    if (!is_a(v, item, '{'))
        return;
    keys(v, item, PIECE_NAMES, 0, values, 0);
    v->times[R308] += !values[0] == !values[1];
    if (values[0])
        block_text(v, values[0]);
    if (values[1])
        is_a(v, values[1], '{');
}

static void tool_result(Verdict *v, const uint8_t *value, int role)
{
    const uint8_t *values[MOST_NAMES] = {NULL};
    v->times[R409] += role == ASSISTANT;
    keys(v, value, RESULT_NAMES, 2, values, 0);
    if (values[0])
        spelt_as(v, values[0], ".:");
    if (values[2] && is_a(v, values[2], '"'))
        v->times[R409] += !STARTS(values[2], "\"success\"") && !STARTS(values[2], "\"error\"");
    if (values[1] && items(v, values[1]))
        EACH_ITEM(item, values[1])
            piece_of_result(v, item);
}

enum { UNNAMED, BLANK_NAME, NAMED };

/* A tool that is declared; whether its name is known. */
static int declared_one(Verdict *v, const uint8_t *tool)
{
    const uint8_t *held_by[MOST_NAMES] = {NULL}, *spec[MOST_NAMES] = {NULL}, *inner[MOST_NAMES] = {NULL};
    int is_new;
    if (!is_a(v, tool, '{'))
        return UNNAMED;
    keys(v, tool, TOOL_NAMES, 1, held_by, 0);
    if (!held_by[0] || !is_a(v, held_by[0], '{'))
        return UNNAMED;
    keys(v, held_by[0], SPEC_NAMES, 2, spec, 0);
    if (spec[2])
        says(v, spec[2]);
    else
        v->times[R422]++;
    if (spec[3] && *spec[3] != 't')
        is_a(v, spec[3], 'f');
    if (spec[1] && is_a(v, spec[1], '{')) {
        keys(v, spec[1], SCHEMA_NAMES, 1, inner, 0);
        if (inner[0])
            check_schema(v, inner[0]);
    }
    int is_text = spec[0] && *spec[0] == '"', says_it = spec[0] && spelt_as(v, spec[0], "");
    if (!is_text)
        return UNNAMED;
    one_of(v, &v->o->notes->offers, spec[0], &is_new);
    v->times[R416] += says_it && !is_new;
    return says_it ? NAMED : BLANK_NAME;
}

/* The choice of a tool. `all_named` says whether the names of those that are declared are known. */
static void choice_of(Verdict *v, const uint8_t *value, int all_named)
{
    unsigned count = 0;
    const uint8_t *kinds_of[MOST_NAMES] = {NULL}, *inner[MOST_NAMES] = {NULL};
    if (!is_a(v, value, '{'))
        return;
    keys(v, value, CHOICE_NAMES, 0, kinds_of, 0);
    EACH_PAIR(m, value)
        count++;
    v->times[R308] += count != 1;
    for (unsigned kind = 0; kind < 3; kind++) {
        if (!kinds_of[kind] || !is_a(v, kinds_of[kind], '{'))
            continue;
        int tool = kind == 2;
        keys(v, kinds_of[kind], tool ? CHOSEN_NAMES : (const uint8_t *)"", (unsigned)tool, inner, 0);
        if (tool && inner[0] && spelt_as(v, inner[0], ""))
            v->times[R417] += all_named && !is_declared(v, inner[0]);
    }
}

/* The tools that the conversation may use; its number among the texts. */
static void tool_config(Verdict *v, uint32_t number)
{
    const uint8_t *values[MOST_NAMES] = {NULL}, *value = canonical(v, number);
    v->k->system |= TOOLS_PART;
    if (!takes_tools(v->s)) {
        v->times[R309]++;
        return;
    }
    contest(v, (const uint8_t *)"\"tools\"", 7);
    if (!is_a(v, value, '{'))
        return;
    keys(v, value, CONFIG_NAMES, 1, values, 0);
    if (values[0]) {
        int least = NAMED;
        if (items(v, values[0]))
            EACH_ITEM(tool, values[0]) {
                int one = declared_one(v, tool);
                least = one < least ? one : least;
            }
        if (values[1])
            choice_of(v, values[1], least == NAMED);
        v->all_named = least > UNNAMED && *values[0] == '[';
    }
    v->text[v->k->pieces++] = number;
}

/* What a block calls and answers, which is held against the others of the record. */
static void called_by(Verdict *v, const uint8_t *object, unsigned at)
{
    const uint8_t *use = got(object, "\"toolUse\""), *result = got(object, "\"toolResult\""), *id, *name;
    uint32_t *asked = v->o->notes->asked;
    int is_new;
    if (use && *use == '{') {
        if ((name = got(use, "\"name\"")) && *name == '"')
            v->undeclared += v->all_named && !is_declared(v, name);
        if (!(id = got(use, "\"toolUseId\"")) || *id != '"')
            return;
        unsigned n = one_of(v, &v->o->notes->uses, id, &is_new);
        if (n == MOST_IDS)
            return;
        v->misplaced += !is_new && asked[n];
        asked[n] = at + 1;
        return;
    }
    if (!result || *result != '{' || !(id = got(result, "\"toolUseId\"")) || *id != '"')
        return;
    unsigned n = one_of(v, &v->o->notes->uses, id, &is_new);
    if (n == MOST_IDS)
        return;
    if (is_new)
        asked[n] = 0;
    v->misplaced += !asked[n] || asked[n] == ANSWERED || at > asked[n];
    if (asked[n])
        asked[n] = ANSWERED;
}

/* What holds between the tools of a record. */
static void tools_together(Verdict *v, unsigned turns_there)
{
    if (!(v->k->system & (USE_PART | RESULT_PART)))
        return;
    v->times[R420] += !(v->k->system & TOOLS_PART);
    v->times[R417] += v->undeclared;
    v->times[R409] += v->misplaced;
    for (unsigned n = 0; n < v->o->notes->uses.count; n++) {
        uint32_t asked = v->o->notes->asked[n];
        v->times[R409] += asked && asked != ANSWERED && asked != turns_there;
    }
}
