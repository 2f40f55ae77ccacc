/* Texts as near ones have them in common; same.py defines it. Included by lines.c.
 *
 * What is not certain here (letters that melt into others, marks in a row, scripts with cases that the
 * tables leave out) is NULL, and Python does it.
 */

#include "folds.h"

static inline int bit(const uint64_t *map, uint32_t c) { return map[c >> 6] >> (c & 63) & 1; }

/* White space beyond ASCII, as Python's `str.split` tells it. */
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

/* Writes the normal form of texts that zeros join, never longer than they are but for a block at the end;
 * gives where it ends, or NULL. */
static uint8_t *normalised(uint8_t *out, const uint8_t *p, const uint8_t *end)
{
    uint8_t *begin = out; /* of the text at hand */
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
            begin = out;
            mark = 0;
            continue;
        }
        Block b = block(p), next = block(p + 1), blank = all(' ');
        Block low = b | (((b - all('A')) < all(26)) & all(0x20));
        memcpy(out, &low, sizeof low);
        Block small = pairs(b, next, 0xa0); /* letters of Latin-1 in lower case are as they will be */
        unsigned n = first((b < blank) | ((b > all(0x7f)) & ~small) | ((b == blank) & (next == blank)));
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
            begin = out;
            mark = 0;
        } else if (c < 0x80) {
            *out++ = (uint8_t)c;
            mark = 0;
        } else {
            int marks;
            if (!(c = folded(c, &marks)) || (marks && mark))
                return NULL;
            out = encoded(out, c);
            mark = marks;
        }
    }
    return out - (out > begin && out[-1] == ' ');
}
