// Prints paths, of which no part is ever lost.

#include "cli/path.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/command.h"

void path_print(char path[PATH_MAX], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(path, PATH_MAX, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= PATH_MAX) {
        refuse("the path %s... is too long", path);
    }
}
