// Words of a program as C: lines, names and sizes.

#include "findings/csource_parts.h"

#include <stdarg.h>
#include <string.h>

#include "language/size.h"

void csource_say(struct csource *source, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(source->body, "%*s", (int)(4 + 4 * source->depth), "");
    vfprintf(source->body, format, arguments);
    fprintf(source->body, "\n");
    va_end(arguments);
}

void csource_name(const struct csource *source, const char *prefix,
                  const struct csource_group *group, char *name)
{
    const char *format = source->has_array ? "%s[%u]" : "%s%u";
    if (group->first != group->last) {
        (void)snprintf(name, CSOURCE_NAME_BYTES, "%s[i]", prefix);
    } else {
        (void)snprintf(name, CSOURCE_NAME_BYTES, format, prefix, group->first);
    }
}

bool csource_is_relative(uint32_t code)
{
    char text[SIZE_TEXT_BYTES];
    size_print(code, text);
    return strncmp(text, "size", 4) == 0;
}

// A size of a block, or the variable of a block that the program never uses, as C.
static void name_size(const struct csource *source, uint32_t slot, char name[CSOURCE_NAME_BYTES])
{
    struct csource_group group = {.first = slot, .last = slot};
    if (slot < source->slot_count && (source->has_array || source->is_used[slot])) {
        csource_name(source, "size_b", &group, name);
    } else {
        (void)snprintf(name, CSOURCE_NAME_BYTES, "(size_t)0");
    }
}

// "size*2+1" as "size_b0 * 2 + 1"; false iff the sum was below 0, where C's would wrap.
static bool print_relative(const struct csource *source, const char *text, const char *own,
                           char as_c[96])
{
    char name[CSOURCE_NAME_BYTES];
    uint32_t slot;
    int skipped = 4;
    const char *base = own;
    if (sscanf(text, "size(b%u)%n", &slot, &skipped) == 1) {
        name_size(source, slot, name);
        base = name;
    }
    size_t used = (size_t)snprintf(as_c, 96, "%s", base);
    for (const char *at = text + skipped; *at != '\0' && used + 4 < 96; at++) {
        bool is_sign = strchr("*/+-", *at) != NULL;
        used += (size_t)snprintf(as_c + used, 96 - used, is_sign ? " %c " : "%c", *at);
    }
    return strchr(text, '-') == NULL;
}

bool csource_size(struct csource *source, uint32_t code, const char *own, size_t size_bytes,
                  char text[96])
{
    static const char *const limits[] = {"INT_MAX", "UINT_MAX", "SIZE_MAX", "PTRDIFF_MAX"};
    char as_op[SIZE_TEXT_BYTES];
    size_print(code, as_op);
    if (csource_is_relative(code)) {
        if (print_relative(source, as_op, own, text) || size_bytes > 0) {
            return true;
        }
    }
    for (size_t i = 0; i < 4; i++) {
        size_t length = strlen(limits[i]);
        if (strncmp(as_op, limits[i], length) == 0 && (size_bytes != SIZE_MAX || i == 2)) {
            csource_need(source, PART_LIMITS);
            bool is_whole = as_op[length] == '\0' || size_bytes == SIZE_MAX;
            (void)snprintf(text, 96, is_whole ? "%s%s" : "%s%s %c %s", i == 2 ? "" : "(size_t)",
                           limits[i], as_op[length], as_op + length + 1);
            return false;
        }
    }
    if (size_bytes > SIZE_MAX / 2) {
        (void)snprintf(text, 96, "SIZE_MAX - %zu", SIZE_MAX - size_bytes);
    } else {
        (void)snprintf(text, 96, "%zu", size_bytes);
    }
    return false;
}

static bool is_loop(const struct csource_group *group)
{
    return group->first != group->last;
}

static void name_pattern(const struct csource_group *group, unsigned fills_more, char *name)
{
    unsigned pattern = (group->slot.fills + fills_more) * 100;
    if (!is_loop(group)) {
        (void)snprintf(name, CSOURCE_NAME_BYTES, "%u", pattern + group->first);
    } else {
        (void)snprintf(name, CSOURCE_NAME_BYTES, "i + %u", pattern);
    }
}

void csource_call(struct csource *source, enum verb verb, enum csource_kind kind, const char *block,
                  const char *size, char line[160])
{
    static const char *const forms[4][4] = {
        [KIND_ALLOCATE] = {"IAtlMemMgr_Allocate(heap, ", "CoTaskMemAlloc(", "IMalloc_Alloc(task, ",
                           "allocate("},
        [KIND_FREE] = {"IAtlMemMgr_Free(heap, ", "CoTaskMemFree(", "IMalloc_Free(task, ", "free("},
        [KIND_REALLOCATE] = {"IAtlMemMgr_Reallocate(heap, ", "CoTaskMemRealloc(",
                             "IMalloc_Realloc(task, ", "reallocate("},
        [KIND_SIZE] = {"IAtlMemMgr_GetSize(heap, ", "", "IMalloc_GetSize(task, ",
                       "malloc_usable_size("},
    };
    unsigned face = source->has_world ? 0 : 3;
    if (source->has_com &&
        (verb == VERB_TASK_ALLOCATE || verb == VERB_TASK_FREE || verb == VERB_TASK_REALLOCATE)) {
        face = 1;
    } else if (source->has_com && (verb == VERB_IMALLOC_ALLOCATE || verb == VERB_IMALLOC_FREE ||
                                   verb == VERB_IMALLOC_REALLOCATE || verb == VERB_IMALLOC_SIZE)) {
        face = 2;
        csource_need(source, PART_TASK);
    }
    if (face == 3 && (kind == KIND_ALLOCATE || kind == KIND_REALLOCATE)) {
        csource_need(source, kind == KIND_ALLOCATE ? PART_ALLOCATE : PART_REALLOCATE);
    }
    (void)snprintf(line, 160, "%s%s%s%s)", forms[kind][face], block,
                   block[0] != '\0' && size[0] != '\0' ? ", " : "", size);
}

void csource_begin(struct csource *source, const struct csource_group *group,
                   struct csource_names *names)
{
    csource_name(source, "b", group, names->block);
    csource_name(source, "size_b", group, names->size);
    name_pattern(group, 0, names->before);
    name_pattern(group, 1, names->after);
    if (is_loop(group) && group->is_down) {
        csource_say(source, "for (size_t i = %u; i-- > %u;) {", group->last + 1, group->first);
    } else if (is_loop(group)) {
        csource_say(source, "for (size_t i = %u; i <= %u; i++) {", group->first, group->last);
    }
    source->depth += is_loop(group);
}

void csource_end(struct csource *source, const struct csource_group *group)
{
    source->depth -= is_loop(group);
    if (is_loop(group)) {
        csource_say(source, "}");
    }
}
