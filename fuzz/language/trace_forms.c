// Lines of Android's malloc_debug, of glibc's mtrace, and of ltrace, as events.

#include "language/trace_forms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS 3U // That the call with the most arguments has.

static const char an_android[] = "a line is TID: malloc, calloc, realloc, memalign, free or "
                                 "thread_done, then an address and numbers";
static const char an_mtrace[] = "a line is @ CALLER, then + ADDRESS SIZE, - ADDRESS, < ADDRESS, "
                                "> ADDRESS SIZE or ! ADDRESS SIZE";
static const char an_ltrace[] = "a call is NAME(NUMBERS) = RESULT, with unfinished or resumed "
                                "where threads are";

static const struct call {
    const char *name;
    enum event_call call;
    unsigned numbers; // Its arguments.
} calls[] = {
    {"malloc", EVENT_ALLOCATE, 1},
    {"calloc", EVENT_ALLOCATE_ZEROED, 2},
    {"realloc", EVENT_REALLOCATE, 2},
    {"reallocarray", EVENT_REALLOCATE, 3},
    {"memalign", EVENT_ALLOCATE_ALIGNED, 2},
    {"aligned_alloc", EVENT_ALLOCATE_ALIGNED, 2},
    {"posix_memalign", EVENT_LOST, 0}, // ltrace does not show the block.
    {"free", EVENT_FREE, 1},
    {"_Znwm", EVENT_ALLOCATE, 1}, // new and delete of C++.
    {"_Znam", EVENT_ALLOCATE, 1},
    {"_ZdlPv", EVENT_FREE, 1},
    {"_ZdlPvm", EVENT_FREE, 1},
    {"_ZdaPv", EVENT_FREE, 1},
};

static const struct call *find_call(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (strlen(calls[i].name) == length && memcmp(calls[i].name, name, length) == 0) {
            return &calls[i];
        }
    }
    return NULL;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r");
}

// Reads a number as C writes it, or a NULL, and what may stand between two. Returns false iff there
// is none, or it is above 2^64-1.
static bool take(const char **at, uint64_t *number)
{
    static const char *const nulls[] = {"nil", "(nil)", "NULL"};
    const char *from = *at;
    bool is_hex = from[0] == '0' && from[1] == 'x';
    size_t digits = is_hex ? strspn(from + 2, "0123456789abcdef") : strspn(from, "0123456789");
    errno = 0;
    *number = digits > 0 ? strtoull(from, NULL, is_hex ? 16 : 10) : 0;
    bool fits = errno == 0;
    *at = from + (is_hex ? 2 : 0) + digits;
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0] && digits == 0 && !is_hex; i++) {
        if (strncmp(from, nulls[i], strlen(nulls[i])) == 0) {
            *at = from + strlen(nulls[i]);
            digits = 1;
        }
    }
    *at += strspn(*at, ", \t\r");
    return digits > 0 && fits;
}

static uint64_t product(uint64_t a, uint64_t b)
{
    return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

// Gives a call its arguments, in the order of C.
static void fill(struct event *event, const struct call *call, const uint64_t *numbers)
{
    event->call = call->call;
    switch (call->call) {
    case EVENT_FREE:
        event->block = numbers[0];
        break;
    case EVENT_REALLOCATE:
        event->old = numbers[0];
        event->size_bytes = call->numbers == 3 ? product(numbers[1], numbers[2]) : numbers[1];
        break;
    case EVENT_ALLOCATE_ALIGNED:
        event->alignment_bytes = numbers[0];
        event->size_bytes = numbers[1];
        break;
    default:
        event->size_bytes = call->numbers == 2 ? product(numbers[0], numbers[1]) : numbers[0];
    }
}

// TID: NAME RESULT ARGUMENTS, and the times of its begin and end where they are known.
static const char *read_android(const char *line, struct trace_begun *begun, struct event *event)
{
    uint64_t numbers[NUMBERS + 1] = {0};
    uint64_t time;
    const char *at = line;
    (void)begun;
    if (*at == '\0') {
        return NULL;
    }
    if (!take(&at, &event->thread) || at[0] != ':') {
        return an_android;
    }
    const char *name = skip_blanks(at + 1);
    size_t length = strcspn(name, " \t");
    const struct call *call = find_call(name, length);
    bool is_done = length == 11 && memcmp(name, "thread_done", length) == 0;
    unsigned count = call == NULL ? 1 : call->call == EVENT_FREE ? 1 : call->numbers + 1;
    at = skip_blanks(name + length);
    for (unsigned i = 0; i < count; i++) {
        if ((call == NULL && !is_done) || !take(&at, &numbers[i])) {
            return an_android;
        }
    }
    for (unsigned times = 0; *at != '\0' && times < 2; times++) {
        if (!take(&at, &time)) {
            return an_android;
        }
    }
    if (call != NULL) {
        fill(event, call, call->call == EVENT_FREE ? numbers : numbers + 1);
        event->block = numbers[0];
    }
    return *at == '\0' ? NULL : an_android;
}

// A reallocation has two lines. A failed one, !, changes nothing.
static const char *read_mtrace(const char *line, struct trace_begun *begun, struct event *event)
{
    static const char signs[] = "+-<>!";
    static const enum event_call made[] = {EVENT_ALLOCATE, EVENT_FREE, EVENT_RENAME,
                                           EVENT_REALLOCATE, EVENT_LOST};
    const char *bracket = strrchr(line, ']');
    const char *at = line[0] == '@' && bracket != NULL ? skip_blanks(bracket + 1) : line;
    uint64_t address;
    (void)begun;
    if (*at == '\0' || *at == '=') {
        return NULL;
    }
    const char *sign = strchr(signs, *at);
    if (sign == NULL || at[1] != ' ') {
        return an_mtrace;
    }
    at += 2;
    event->call = made[sign - signs];
    bool has_size = *sign != '-' && *sign != '<';
    if (!take(&at, &address) || (has_size && !take(&at, &event->size_bytes)) || *at != '\0') {
        return an_mtrace;
    }
    event->block = *sign == '<' ? EVENT_MOVING(0) : address;
    event->old = *sign == '<' ? address : EVENT_MOVING(0);
    return NULL;
}

static struct event *find_begun(struct trace_begun *begun, enum event_call call, uint64_t thread)
{
    for (unsigned i = 0; i < TRACE_BEGUN; i++) {
        struct event *event = &begun->calls[i];
        if (event->call == call && (call == EVENT_NONE || event->thread == thread)) {
            return event;
        }
    }
    return NULL;
}

// Ends a call: its result follows the last =.
static const char *end_call(const char *line, struct event *event)
{
    uint64_t result = 0;
    const char *equals = strrchr(line, '=');
    const char *at = equals == NULL ? line : skip_blanks(equals + 1);
    if (strstr(line, "<no return") != NULL) {
        event->call = event->call == EVENT_FREE ? EVENT_FREE : EVENT_LOST;
        return NULL;
    }
    if (event->call == EVENT_FREE || event->call == EVENT_LOST) {
        return equals == NULL ? an_ltrace : NULL;
    }
    if (equals == NULL || !take(&at, &result)) {
        return an_ltrace;
    }
    if (*at == '<') { // The time that the call took.
        at = skip_blanks(at + strcspn(at, ">") + (strchr(at, '>') != NULL));
    }
    if (*at != '\0') {
        return an_ltrace;
    }
    if (event->old == EVENT_MOVING(event->thread) && result == 0 && event->size_bytes > 0) {
        event->call = EVENT_RENAME; // It failed, and the block goes back to its address,
        result = event->block;      // which was kept here.
    }
    event->block = result;
    return NULL;
}

// Begins a call that another thread's line cuts off. A free frees at once. A reallocated block has
// left its address.
static const char *begin_call(struct trace_begun *begun, struct event *event)
{
    struct event *place = find_begun(begun, EVENT_NONE, 0);
    if (event->call == EVENT_FREE || event->call == EVENT_LOST) {
        return NULL;
    }
    if (place == NULL) {
        return "more than 64 calls have begun and not ended";
    }
    *place = *event;
    event->call = EVENT_NONE;
    if (place->call == EVENT_REALLOCATE) {
        event->call = EVENT_RENAME;
        event->block = place->old = EVENT_MOVING(event->thread);
        place->block = event->old;
    }
    return NULL;
}

static const char *resume(const char *line, const char *name, struct trace_begun *begun,
                          struct event *event)
{
    const struct call *call = find_call(name, strcspn(name, " "));
    if (call == NULL || call->call == EVENT_FREE || call->call == EVENT_LOST) {
        return NULL;
    }
    struct event *place = find_begun(begun, call->call, event->thread);
    if (place == NULL) {
        event->call = EVENT_LOST; // It began before the trace.
        return NULL;
    }
    *event = *place;
    place->call = EVENT_NONE;
    return end_call(line, event);
}

// A line begins with its pid in brackets, or with its digits alone where ltrace writes to a file. A
// time has more than digits, and so has the address of a call.
static uint64_t thread_of(const char *line)
{
    uint64_t pid = 0;
    bool has_brackets = strncmp(line, "[pid ", 5) == 0;
    const char *at = has_brackets ? skip_blanks(line + 5) : line;
    size_t digits = strspn(at, "0123456789");
    char next = at[digits];
    bool is_pid = has_brackets ? next == ']' : next == ' ' || next == '\t';
    return digits > 0 && is_pid && take(&at, &pid) ? pid : 0;
}

// Other calls, signals and ends of processes are passed over.
static const char *read_ltrace(const char *line, struct trace_begun *begun, struct event *event)
{
    static const char resumed[] = "<... ";
    uint64_t numbers[NUMBERS] = {0};
    const char *open = strchr(line, '(');
    const char *again = strstr(line, resumed);
    event->thread = thread_of(line);
    if (again != NULL && (open == NULL || again < open)) {
        return resume(line, again + strlen(resumed), begun, event);
    }
    const char *name = open == NULL ? line : open;
    while (name > line && strchr("() \t>@]", name[-1]) == NULL) {
        name--;
    }
    const struct call *call = open == NULL ? NULL : find_call(name, (size_t)(open - name));
    if (call == NULL) {
        return NULL;
    }
    const char *at = open + 1;
    for (unsigned i = 0; i < call->numbers; i++) {
        if (!take(&at, &numbers[i])) {
            return an_ltrace;
        }
    }
    fill(event, call, numbers);
    return strstr(at, "<unfinished") != NULL ? begin_call(begun, event) : end_call(at, event);
}

trace_form *trace_form_of(const char *line)
{
    size_t digits = strspn(line, "0123456789");
    if (digits > 0 && line[digits] == ':' && line[digits + 1] == ' ') {
        return read_android;
    }
    if (line[0] != '\0' && strchr("=@+-<>!", line[0]) != NULL && line[1] == ' ') {
        return read_mtrace;
    }
    return strchr(line, '(') != NULL ? read_ltrace : NULL;
}
