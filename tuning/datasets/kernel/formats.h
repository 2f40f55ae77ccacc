/* What is wrong with a record of another format than conversations and pairs, rule by rule. Included by lines.c.
 *
 * As in verdicts.h, the functions have the names and the order of those in Python (chat_records.py, flat_records.py, tools.py,
 * looks.py), which are what holds. No line of these formats is handed over with an outline: what is not judged here, for it is
 * not certain or its findings are still to be listed, Python reads as it is.
 */

/* ---- what is set apart while the outline is written -------------------------------------------------- */

enum { SHORTEST_BUCKET = 3 };

/* Whether a text is s3://bucket/key as the service reads it; the bucket, where it is. */
static int is_address(const uint8_t *p, const uint8_t *end, Bucket *bucket)
{
    if (end - p < 5 || memcmp(p, "s3://", 5) != 0)
        return 0;
    const uint8_t *name = p += 5;
    while (p < end && (digit(*p) || (*p >= 'a' && *p <= 'z') || *p == '.' || *p == '-'))
        p++;
    if (p == end || *p != '/' || p - name < SHORTEST_BUCKET || p - name > LONGEST_BUCKET || *name == '.' || *name == '-' || p[-1] == '.' ||
        p[-1] == '-')
        return 0;
    bucket->size = (uint8_t)(p - name);
    memcpy(bucket->name, name, bucket->size);
    const uint8_t *file = ++p;
    while (p < end && (dashed(*p) || *p == '/' || *p == '.'))
        p++;
    return p == end && p > file && p[-1] != '/';
}

/* Whether the value of a key of the record is more than its outline says. */
static int is_apart(const Outline *o, const uint8_t *name, const uint8_t *p)
{
    if (o->s->format == CAPTIONS)
        return *p == '"' && STARTS(name, "\"image-ref\"");
    return o->s->format == CHAT && (STARTS(name, "\"tools\"") || (*p == '{' && STARTS(name, "\"reference_answer\"")));
}

/* Such a value: of an address the bucket is noted; what only compares is put into the outline as it compares. */
static const uint8_t *set_apart(Outline *o, const uint8_t *name, const uint8_t *p)
{
    if (o->s->format == CAPTIONS) {
        o->buckets = 0; /* of another value under the same key, if there was one */
        p = numbered(o, p);
        o->buckets = p && is_address(o->r.last, o->r.out, o->notes->buckets);
        return p;
    }
    int reference = !STARTS(name, "\"tools\""), *text = reference ? &o->reference_text : &o->tools_text;
    const uint8_t *after;
    if (*text >= 0) /* there twice */
        return NULL;
    *text = compared(o, p, &after, KEY_DEPTH);
    if (*text < 0)
        return NULL;
    o->apart[reference] = o->out;
    return put(o, o->r.last + 1, (size_t)(o->r.out - o->r.last) - 1) ? after : NULL;
}

/* ---- walk.py ------------------------------------------------------------------------------------------- */

/* A text that says something. */
static void some_text(Verdict *v, const uint8_t *value)
{
    if (is_a(v, value, '"'))
        v->times[R405] += value[1] != 't';
}

/* A text that is a piece of what the record says, whatever it says; gives it, or NULL. */
static const Said *piece(Verdict *v, const uint8_t *value)
{
    if (*value != '"')
        return NULL;
    uint32_t n = number_of(v, value);
    v->text[v->k->pieces++] = n;
    return v->o->notes->said + n;
}

/* ---- flat_records.py ----------------------------------------------------------------------------------- */

static void image_caption(Verdict *v, const uint8_t *record)
{
    const uint8_t *values[MOST_NAMES] = {NULL};
    const Scan *s = v->s;
    const Said *one;
    keys(v, record, s->top, s->required, values, 1);
    if (values[0] && is_a(v, values[0], '"')) {
        Bucket bucket;
        one = piece(v, values[0]);
        v->times[R506] += !is_address(s->texts + one->at, s->texts + one->at + one->size, &bucket);
    }
    if (values[1] && is_a(v, values[1], '"')) {
        one = piece(v, values[1]);
        if (s->least_caption && values[1][1] != 't')
            v->times[R405]++;
        else
            v->times[R609] += one->characters < s->least_caption || one->characters > s->longest_caption;
    }
    v->k->prompt = v->k->pieces;
}

static void continued_pre_training(Verdict *v, const uint8_t *record)
{
    const uint8_t *values[MOST_NAMES] = {NULL};
    keys(v, record, v->s->top, v->s->required, values, 1);
    if (values[0])
        said(v, values[0], 0);
    v->k->prompt = v->k->pieces;
}

/* ---- tools.py, schemas.py: tools are in their canonical form ------------------------------------------- */

static void yes_or_no_at(Verdict *v, const uint8_t *p)
{
    if (!is_bool(p)) {
        v->readable = 0;
        v->times[R303]++;
    }
}

static const uint8_t FUNCTION_HOLDER[] = "\4type\10function", FUNCTION_NAMES[] = "\4name\12parameters\13description\6strict";

static void function_of(Verdict *v, const uint8_t *tool)
{
    enum { NAME, PARAMETERS, DESCRIPTION, STRICT };
    const uint8_t *outer[MOST_NAMES] = {NULL}, *values[MOST_NAMES] = {NULL};
    if (!is_a(v, tool, '{'))
        return;
    keys(v, tool, FUNCTION_HOLDER, 2, outer, 0);
    if (outer[0] && is_a(v, outer[0], '"'))
        v->times[R421] += !STARTS(outer[0], "\"function\"");
    if (!outer[1] || !is_a(v, outer[1], '{'))
        return;
    keys(v, outer[1], FUNCTION_NAMES, 2, values, 0);
    if (values[DESCRIPTION])
        says(v, values[DESCRIPTION]);
    else
        v->times[R422]++;
    if (values[STRICT])
        yes_or_no_at(v, values[STRICT]);
    if (values[PARAMETERS])
        check_schema(v, values[PARAMETERS]);
    if (!values[NAME] || !says(v, values[NAME]))
        return;
    size_t size = (size_t)(skipped(values[NAME]) - values[NAME]);
    v->times[R418] += !nameable(values[NAME], size, "");
    Ids *names = &v->o->notes->names; /* which nothing else takes in this format */
    unsigned before = names->count;
    if (nth(names, values[NAME], size) == MOST_IDS)
        unsure(v);
    v->times[R416] += names->count == before;
}

/* ---- chat_records.py ----------------------------------------------------------------------------------- */

enum { REFERENCE_PART = 1, ID_PART = 2, FUNCTIONS_PART = 4 }; /* as CHAT_PARTS in __init__.py has them */
enum { CHAT_SYSTEM = 1, CHAT_USER, CHAT_ASSISTANT };

static const uint8_t CHAT_NAMES[] = "\10messages\20reference_answer\2id\5tools", CHAT_ROLES[] = "\6system\4user\11assistant";

/* A message of plain text; gives its role by its number among those that are known, from 1 on. */
static int turn_of(Verdict *v, const uint8_t *message, const uint8_t *roles, const uint8_t **content)
{
    const uint8_t *values[MOST_NAMES] = {NULL};
    *content = NULL;
    if (!is_a(v, message, '{'))
        return NO_ROLE;
    keys(v, message, MESSAGE_NAMES, 2, values, 0);
    if ((*content = values[1]))
        said(v, *content, 0);
    const uint8_t *role = values[0];
    if (!role || !is_a(v, role, '"'))
        return NO_ROLE;
    int n = named(roles, (Pair){role, skipped(role) + 1, NULL});
    if (n >= 0)
        return n + 1;
    v->readable = 0;
    v->times[R401]++;
    return near_miss(v, roles, 0, role) + 1;
}

static void openai_chat(Verdict *v, const uint8_t *record)
{
    const uint8_t *values[MOST_NAMES] = {NULL}, *content;
    EACH_PAIR(m, record) {
        int n = named(CHAT_NAMES, m);
        if (n >= 0)
            values[n] = m.value;
    }
    const uint8_t *messages = values[0], *reference = values[1], *id = values[2], *tools = values[3];
    unsigned count = 0, users = 0, unknown = 0;
    int role = NO_ROLE;
    if (!messages) {
        v->times[R302]++;
        v->readable = 0;
        return;
    }
    if (id) {
        v->k->system |= ID_PART;
        some_text(v, id);
    }
    if (tools) {
        v->k->system |= FUNCTIONS_PART;
        v->text[v->k->pieces++] = (uint32_t)v->o->tools_text;
        if (items(v, tools))
            EACH_ITEM(tool, tools)
                function_of(v, tool);
    }
    if (items(v, messages))
        EACH_ITEM(message, messages) {
            role = turn_of(v, message, CHAT_ROLES, &content);
            v->times[R412] += role == CHAT_SYSTEM && count > 0;
            count++;
            users += role == CHAT_USER;
            unknown += role == NO_ROLE;
        }
    v->k->prompt = v->k->pieces;
    if (count && !unknown && !users)
        v->times[R414]++;
    else
        v->times[R415] += role == CHAT_ASSISTANT;
    if (!reference)
        return;
    v->k->system |= REFERENCE_PART;
    if (*reference == '{') {
        v->times[R307] += reference[1] == '}';
        v->text[v->k->pieces++] = (uint32_t)v->o->reference_text;
    } else {
        said(v, reference, 1);
    }
}

/* Past all white space, as Python has it. */
static const uint8_t *past_blanks(const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        unsigned size = *p < 0x80 ? 1 : sequence(p);
        if (!blank(p, p + size))
            break;
        p += size;
    }
    return p;
}

/* Whether a line of a text starts with Human: or Assistant: where another precedes it. */
static void marker(Verdict *v, const uint8_t *value)
{
    if (*value != '"' || value[1] != 't')
        return;
    const Said *one = v->o->notes->said + number_of(v, value);
    const uint8_t *p = v->s->texts + one->at, *end = p + one->size;
    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        p = past_blanks(p, end);
        if ((end - p >= 6 && STARTS(p, "Human:")) || (end - p >= 10 && STARTS(p, "Assistant:"))) {
            v->times[R411]++;
            return;
        }
    }
}

static void anthropic_messages(Verdict *v, const uint8_t *record)
{
    const uint8_t *values[MOST_NAMES] = {NULL}, *content;
    unsigned count = 0;
    int role = NO_ROLE;
    keys(v, record, v->s->top, v->s->required, values, 1);
    if (values[1]) {
        v->k->system |= SYSTEM_PART;
        said(v, values[1], 0);
        marker(v, values[1]);
    }
    v->k->prompt = v->k->pieces;
    if (!values[0] || !items(v, values[0]))
        return;
    EACH_ITEM(message, values[0]) {
        int former = role;
        role = turn_of(v, message, ROLE_NAMES, &content);
        if (content)
            marker(v, content);
        follows_role(v, former, role, count++);
    }
    if (count == 1)
        v->times[R407]++;
    else
        v->times[R404] += role == USER;
    v->k->prompt = v->k->pieces - (role == ASSISTANT && v->readable);
}

static void check_other(Verdict *v, const uint8_t *record)
{
    switch (v->s->format) {
    case CAPTIONS: image_caption(v, record); break;
    case RAW_TEXT: continued_pre_training(v, record); break;
    case CHAT: openai_chat(v, record); break;
    default: anthropic_messages(v, record);
    }
}

/* ---- looks.py ------------------------------------------------------------------------------------------ */

/* The format that messages are in, or -1. */
static int format_of_messages(const uint8_t *messages, const Looks *l)
{
    static const uint8_t of_anthropic[] = "\10tool_use\13tool_result\10thinking\21redacted_thinking";
    unsigned count = 0, texts = 0, lists = 0;
    EACH_ITEM(message, messages) {
        const uint8_t *role = got(message, "\"role\""), *content = got(message, "\"content\"");
        EACH_PAIR(m, message)
            if (calls(m))
                return CHAT;
        if (role && (STARTS(role, "\"tool\"") || STARTS(role, "\"function\"") || (STARTS(role, "\"system\"") && !(l->names >> F_SYSTEM & 1))))
            return CHAT;
        count++;
        texts += content && *content == '"';
        if (!content || *content != '[')
            continue;
        lists++;
        int types = 0, anthropic = 0;
        EACH_ITEM(item, content) {
            const uint8_t *type = *item == '{' ? got(item, "\"type\"") : NULL;
            types |= type != NULL;
            anthropic |= type && *type == '"' && named(of_anthropic, (Pair){type, skipped(type) + 1, NULL}) >= 0;
        }
        if (types)
            return anthropic ? ANTHROPIC : CHAT;
    }
    if (texts < count)
        return lists == count ? CONVERSE : -1;
    if (l->names >> F_REFERENCE & 1)
        return FORMATS_KNOWN; /* none of them */
    return l->names >> F_SYSTEM & 1 ? ANTHROPIC : CHAT;
}

/* Whether messages are in a format that is not the expected one. */
static int messages_of_another(const Scan *s, const Looks *l)
{
    const uint8_t *messages = l->value[F_MESSAGES];
    if (!messages || *messages != '[' || messages[1] == ']')
        return 0;
    EACH_ITEM(message, messages)
        if (*message != '{')
            return 0;
    int found = format_of_messages(messages, l);
    return found >= 0 && (uint64_t)found != s->format;
}
