// Copies of strings in task memory. It owns the arithmetic, which is checked although no string in
// memory is that long. A made-up length could be. The file does not know where task memory comes
// from.

#include <comheap/arrays.h>
#include <comheap/taskmem.h>
#include <comheap/taskstrings.h>

#include <string.h>

// Returns a copy of the characters and of the zero behind them. Returns NULL iff there is no
// memory.
static void *copy(const void *string, size_t length, size_t character_bytes)
{
    size_t characters, size_bytes;
    if (FAILED(ch_size_add(&characters, length, 1)) ||
        FAILED(ch_size_multiply(&size_bytes, characters, character_bytes))) {
        return NULL;
    }
    void *block = CoTaskMemAlloc(size_bytes);
    if (block != NULL) {
        memcpy(block, string, size_bytes);
    }
    return block;
}

char *ch_task_string(const char *string)
{
    return string == NULL ? NULL : copy(string, strlen(string), sizeof *string);
}

wchar_t *ch_task_wide_string(const wchar_t *string)
{
    return string == NULL ? NULL : copy(string, wcslen(string), sizeof *string);
}

ch_olechar *ch_task_ole_string(const ch_olechar *string)
{
    if (string == NULL) {
        return NULL;
    }
    size_t length = 0;
    while (string[length] != 0) {
        length++;
    }
    return copy(string, length, sizeof *string);
}
