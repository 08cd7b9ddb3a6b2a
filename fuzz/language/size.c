// Size codes to numbers and to text and back (size.h has the table).

#include "language/size.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD_BITS 13U
#define PAYLOAD_MASK ((1U << PAYLOAD_BITS) - 1)

static const struct {
    const char *name;
    size_t size_bytes;
} limits[4] = {
    {"INT_MAX", INT_MAX},
    {"UINT_MAX", UINT_MAX},
    {"SIZE_MAX", SIZE_MAX},
    {"PTRDIFF_MAX", PTRDIFF_MAX},
};

#define HEAD_SIZE_MAX 2U // Its index.

static const struct {
    const char *text;
    unsigned times, over;
} factors[8] = {
    {"", 1, 1},   {"*2", 2, 1}, {"*3", 3, 1}, {"*4", 4, 1},
    {"/2", 1, 2}, {"/3", 1, 3}, {"/4", 1, 4}, {"/8", 1, 8},
};

// The layout of each form's payload: the place of the signed distance D.
static const struct {
    unsigned bits;
} distances[8] = {{0}, {0}, {3}, {5}, {11}, {10}, {5}, {0}};

enum size_form size_form_of(uint32_t code)
{
    return (enum size_form)(code >> PAYLOAD_BITS & 7);
}

static int distance_of(uint32_t code)
{
    unsigned bits = distances[size_form_of(code)].bits;
    return bits == 0 ? 0 : (int)(code & ((1U << bits) - 1)) - (int)(1U << (bits - 1));
}

// Returns the payload above the distance.
static uint32_t head_of(uint32_t code)
{
    return (code & PAYLOAD_MASK) >> distances[size_form_of(code)].bits;
}

uint32_t size_make(enum size_form form, uint32_t head, int distance)
{
    unsigned bits = distances[form].bits;
    uint32_t low = bits == 0 ? 0 : (uint32_t)(distance + (int)(1U << (bits - 1)));
    uint32_t payload = head << bits | (low & ((1U << bits) - 1));
    return (uint32_t)form << PAYLOAD_BITS | (payload & PAYLOAD_MASK);
}

uint32_t size_nudge(uint32_t code, int away)
{
    return (code & ~PAYLOAD_MASK) | ((uint32_t)((int)code + away) & PAYLOAD_MASK);
}

uint32_t size_canonical(uint32_t code)
{
    if (size_form_of(code) == SIZE_LITERAL) {
        return code;
    }
    bool is_above_all =
        size_form_of(code) == SIZE_LIMIT && head_of(code) == HEAD_SIZE_MAX && distance_of(code) > 0;
    return is_above_all ? size_make(SIZE_LIMIT, HEAD_SIZE_MAX, 0) : code & 0xffff;
}

uint32_t size_literal(uint32_t size_bytes)
{
    return size_bytes >> PAYLOAD_BITS << 16 | (size_bytes & PAYLOAD_MASK);
}

static uint32_t literal_of(uint32_t code)
{
    return code >> 16 << PAYLOAD_BITS | (code & PAYLOAD_MASK);
}

static size_t times(size_t factor, size_t size_bytes)
{
    return size_bytes != 0 && factor > SIZE_MAX / size_bytes ? SIZE_MAX : factor * size_bytes;
}

static size_t plus(size_t size_bytes, int distance)
{
    if (distance >= 0) {
        size_t up = (size_t)distance;
        return size_bytes > SIZE_MAX - up ? SIZE_MAX : size_bytes + up;
    }
    size_t down = (size_t)-distance;
    return size_bytes < down ? 0 : size_bytes - down;
}

// Returns M*2^K, M from 4 to 7, for a head of both; SIZE_MAX where it does not fit.
static size_t step_bytes(uint32_t head)
{
    size_t mantissa = 4 + (head & 3);
    unsigned shift = head >> 2;
    bool fits = shift <= sizeof(size_t) * CHAR_BIT - 3; // M takes three bits.
    return fits ? mantissa << shift : SIZE_MAX;
}

size_t size_resolve(uint32_t code, uint32_t slot, size_of_slot size_of, const void *context)
{
    uint32_t head = head_of(code);
    int distance = distance_of(code);
    switch (size_form_of(code)) {
    case SIZE_LITERAL:
        return literal_of(code);
    case SIZE_SCALED:
        return (size_t)(head >> 4) << (head & 15);
    case SIZE_PAGES:
        return plus((size_t)4096 * head, distance);
    case SIZE_STEP:
        return plus(step_bytes(head), distance);
    case SIZE_LIMIT:
        return plus(limits[head].size_bytes, distance);
    case SIZE_OWN:
        return plus(times(factors[head].times, size_of(context, slot)) / factors[head].over,
                    distance);
    case SIZE_OTHER:
        return plus(size_of(context, head), distance);
    case SIZE_MIB:
        return times(head, (size_t)1024 * 1024);
    }
    return 0;
}

void size_print(uint32_t code, char *text)
{
    code = size_canonical(code);
    uint32_t head = head_of(code);
    int distance = distance_of(code);
    int length = 0;
    size_t room = SIZE_TEXT_BYTES;
    switch (size_form_of(code)) {
    case SIZE_LITERAL:
        length = snprintf(text, room, "%u", literal_of(code));
        break;
    case SIZE_SCALED:
        length = snprintf(text, room, "%u<<%u", head >> 4, head & 15);
        break;
    case SIZE_PAGES:
        length = snprintf(text, room, "page*%u", head);
        break;
    case SIZE_STEP:
        length = (head & 3) == 0 ? snprintf(text, room, "2^%u", (head >> 2) + 2)
                                 : snprintf(text, room, "%u*2^%u", 4 + (head & 3), head >> 2);
        break;
    case SIZE_LIMIT:
        length = snprintf(text, room, "%s", limits[head].name);
        break;
    case SIZE_OWN:
        length = snprintf(text, room, "size%s", factors[head].text);
        break;
    case SIZE_OTHER:
        length = snprintf(text, room, "size(b%u)", head);
        break;
    case SIZE_MIB:
        length = snprintf(text, room, "MiB*%u", head);
        break;
    }
    if (distance != 0) {
        (void)snprintf(text + length, room - (size_t)length, "%+d", distance);
    }
}

// Reads digits, at most ten of them. Returns false iff there are none or the number is above
// `most`.
static bool number(const char **at, uint32_t most, uint32_t *value)
{
    char *end;
    if (**at < '0' || **at > '9') {
        return false;
    }
    unsigned long long read = strtoull(*at, &end, 10);
    if (end - *at > 10 || read > most) {
        return false;
    }
    *at = end;
    *value = (uint32_t)read;
    return true;
}

static bool word(const char **at, const char *expected)
{
    size_t length = strlen(expected);
    if (strncmp(*at, expected, length) != 0) {
        return false;
    }
    *at += length;
    return true;
}

// Reads K of M*2^K or 2^K, whose other parts are read already. Returns both as a head.
static bool step(const char **at, uint32_t mantissa, uint32_t *head)
{
    uint32_t shift;
    if (mantissa == 4) { // 2^K
        if (!number(at, 65, &shift) || shift < 2) {
            return false;
        }
        *head = (shift - 2) << 2;
        return true;
    }
    *head = 0;
    if (!number(at, 63, &shift)) {
        return false;
    }
    *head = shift << 2 | (mantissa - 4);
    return true;
}

static bool relative(const char **at, enum size_form *form, uint32_t *head)
{
    if (word(at, "(b")) {
        *form = SIZE_OTHER;
        return number(at, 255, head) && word(at, ")");
    }
    *form = SIZE_OWN;
    for (*head = 7; *head > 0; (*head)--) {
        if (word(at, factors[*head].text)) {
            break;
        }
    }
    return true;
}

// Reads everything except the distance. Returns false iff no form fits.
static bool base(const char **at, enum size_form *form, uint32_t *head)
{
    const char *start = *at;
    *form = SIZE_LIMIT;
    for (*head = 0; *head < 4; (*head)++) {
        if (word(at, limits[*head].name)) {
            return true;
        }
    }
    if (word(at, "size")) {
        return relative(at, form, head);
    }
    *form = SIZE_PAGES;
    if (word(at, "page*")) {
        return number(at, 1023, head);
    }
    *form = SIZE_MIB;
    if (word(at, "MiB*")) {
        return number(at, 8191, head);
    }
    *form = SIZE_STEP;
    if (word(at, "2^")) {
        return step(at, 4, head);
    }
    if ((*at)[0] >= '5' && (*at)[0] <= '7' && strncmp(*at + 1, "*2^", 3) == 0) {
        uint32_t mantissa = (uint32_t)((*at)[0] - '0');
        *at += 4;
        return step(at, mantissa, head);
    }
    *form = SIZE_LITERAL;
    if (!number(at, SIZE_LITERAL_MAX, head) || !word(at, "<<")) {
        return *at != start;
    }
    *form = SIZE_SCALED;
    uint32_t times = *head;
    uint32_t shift;
    bool fits = times <= 511 && number(at, 15, &shift);
    *head = fits ? times << 4 | shift : 0;
    return fits;
}

static bool distance(const char **at, enum size_form form, int *value)
{
    *value = 0;
    if (**at != '+' && **at != '-') {
        return true;
    }
    bool is_down = **at == '-';
    (*at)++;
    unsigned bits = distances[form].bits;
    uint32_t most = bits == 0 ? 0 : (1U << (bits - 1)) - (is_down ? 0 : 1);
    uint32_t read;
    if (bits == 0 || !number(at, most, &read)) {
        return false;
    }
    *value = is_down ? -(int)read : (int)read;
    return true;
}

bool size_parse(const char *text, uint32_t *code, const char **why)
{
    const char *at = text;
    enum size_form form;
    uint32_t head;
    int away;
    if (!base(&at, &form, &head)) {
        *why = "the op language has no such size; its numbers end at 536870911";
        return false;
    }
    if (!distance(&at, form, &away)) {
        *why = "the number added to it is out of range";
        return false;
    }
    if (*at != '\0') {
        *why = "something follows the size";
        return false;
    }
    *code = form == SIZE_LITERAL ? size_literal(head) : size_canonical(size_make(form, head, away));
    return true;
}
