// The words of a command line: options, choices and refusals. Every refusal is one sentence and
// status 2.

#include "cli/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fprintf(stderr, "heapfuzz: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(2);
}

const char *take_option(int argc, char **argv, int *at, const char *name)
{
    if (strcmp(argv[*at], name) != 0) {
        return NULL;
    }
    if (*at + 1 >= argc) {
        refuse("%s: %s needs a value", argv[0], name);
    }
    return argv[++*at];
}

static const char *subject_name(size_t index)
{
    return subjects[index] == NULL ? NULL : subjects[index]->name;
}

static const char *target_name(size_t index)
{
    return targets[index] == NULL ? NULL : targets[index]->name;
}

// Refuses a name that is none of those that name_of gives, up to NULL.
static _Noreturn void refuse_name(const char *kind, const char *name,
                                  const char *(*name_of)(size_t index))
{
    char choices[256] = "";
    size_t used = 0;
    for (size_t i = 0; name_of(i) != NULL && used < sizeof choices; i++) {
        used += (size_t)snprintf(choices + used, sizeof choices - used, " %s", name_of(i));
    }
    refuse("there is no %s '%.40s'; there are:%s", kind, name, choices);
}

const struct subject *choose_subject(const char *name)
{
    const struct subject *subject = subject_find(name);
    if (subject == NULL) {
        refuse_name("subject", name, subject_name);
    }
    return subject;
}

const struct target *choose_target(const char *name)
{
    const struct target *target = target_find(name);
    if (target == NULL) {
        refuse_name("target", name, target_name);
    }
    return target;
}

size_t choose_number(const char *option, const char *text, size_t least, size_t most)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < least ||
        number > most) {
        refuse("%s: '%.40s' is not a whole number from %zu to %zu", option, text, least, most);
    }
    return (size_t)number;
}

FILE *open_output(const char *folder, const char *path, const char *suffix)
{
    char name[4096];
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(base, '.');
    int length = dot == NULL ? (int)strlen(base) : (int)(dot - base);
    if (snprintf(name, sizeof name, "%s/%.*s.%s", folder, length, base, suffix) >=
        (int)sizeof name) {
        refuse("%s: the name is too long", path);
    }
    FILE *file = fopen(name, "wb");
    if (file == NULL) {
        refuse("can't write %s: %s", name, strerror(errno));
    }
    return file;
}

void close_output(FILE *file, const char *path)
{
    bool is_bad = ferror(file) != 0;
    if (fclose(file) != 0 || is_bad) {
        refuse("can't write what %s becomes: %s", path, strerror(errno));
    }
}
