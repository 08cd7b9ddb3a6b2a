// The operating system on Windows. Memory must be committed before it is touched. No page can move,
// so os_move copies the bytes that were written. No file is in memory; scratch files take that
// place, whose names do not last.

#include "world/os.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <windows.h>

#include <psapi.h>

#define PART_BYTES ((size_t)4096)

void *os_map(size_t size_bytes)
{
    return VirtualAlloc(NULL, size_bytes, MEM_RESERVE, PAGE_READWRITE);
}

bool os_use(void *start, size_t size_bytes)
{
    return VirtualAlloc(start, size_bytes, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

bool os_renew(void *start, size_t size_bytes)
{
    return VirtualFree(start, size_bytes, MEM_DECOMMIT);
}

void os_drop(void *start, size_t size_bytes)
{
    (void)start, (void)size_bytes;
}

size_t os_resident_bytes(void)
{
    PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof memory};
    return GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof memory) ? memory.WorkingSetSize
                                                                             : SIZE_MAX;
}

size_t os_charged_bytes(const void *start, size_t size_bytes)
{
    (void)start, (void)size_bytes;
    return SIZE_MAX;
}

double os_processor_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC; // No process forks here.
}

void *os_block(size_t size_bytes)
{
    return VirtualAlloc(NULL, size_bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

void os_print_bytes(void)
{
    (void)_setmode(_fileno(stdout), _O_BINARY);
    (void)_setmode(_fileno(stderr), _O_BINARY);
}

void os_fail_writes(void)
{
    // A failed write returns: no write ends a process here, and a closed stream has no file.
}

char *os_real_path(const char *path)
{
    (void)path;
    return NULL;
}

bool os_is_special(const char *path)
{
    struct stat there;
    return stat(path, &there) == 0 && !S_ISREG(there.st_mode);
}

void os_copy_mode(const char *path, FILE *file)
{
    (void)path, (void)file; // A new file has the permissions of its folder.
}

// Sets errno to C's number for the error of the last call.
static void set_errno(void)
{
    switch (GetLastError()) {
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
        errno = EEXIST;
        break;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        errno = ENOENT;
        break;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        errno = ENOSPC;
        break;
    default:
        errno = EACCES;
    }
}

bool os_rename(const char *from, const char *to, bool replaces)
{
    bool is_renamed = MoveFileExA(from, to, replaces ? MOVEFILE_REPLACE_EXISTING : 0) != 0;
    if (!is_renamed) {
        set_errno();
    }
    return is_renamed;
}

size_t os_columns(void)
{
    CONSOLE_SCREEN_BUFFER_INFO console;
    return GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &console)
               ? (size_t)(console.srWindow.Right - console.srWindow.Left + 1)
               : 0;
}

// Copies a part unless it is zeros, which its new place holds already. Most of a large block was
// never written, and a few full copies would take all memory.
static void copy_part(unsigned char *to, const unsigned char *from, size_t size_bytes)
{
    static const unsigned char zeros[PART_BYTES];
    if (memcmp(from, zeros, size_bytes) != 0) {
        memcpy(to, from, size_bytes);
    }
}

static void copy_parts(unsigned char *to, const unsigned char *from, size_t size_bytes)
{
    for (size_t at = 0; at < size_bytes; at += PART_BYTES) {
        copy_part(to + at, from + at, size_bytes - at < PART_BYTES ? size_bytes - at : PART_BYTES);
    }
}

bool os_move(void *from, void *to, size_t size_bytes)
{
    if (!os_renew(to, size_bytes) || !os_use(to, size_bytes)) {
        return false;
    }
    copy_parts(to, from, size_bytes);
    return true;
}

void *os_block_resize(void *block, size_t old_bytes, size_t size_bytes)
{
    if (size_bytes <= old_bytes) {
        return block;
    }
    void *moved = os_block(size_bytes);
    if (moved != NULL) {
        copy_parts(moved, block, old_bytes);
        os_block_end(block, old_bytes);
    }
    return moved;
}

void os_block_end(void *block, size_t size_bytes)
{
    (void)size_bytes;
    (void)VirtualFree(block, 0, MEM_RELEASE);
}

size_t os_malloc_bytes(void *block)
{
    return block == NULL ? 0 : _msize(block);
}

void *os_share_file(const char *path, size_t size_bytes)
{
    void *shared = NULL;
    HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE,
                              FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        set_errno();
        return NULL;
    }
    bool is_new = GetLastError() != ERROR_ALREADY_EXISTS;
    HANDLE mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, (DWORD)size_bytes, NULL);
    if (mapping != NULL) {
        shared = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, size_bytes);
    }
    if (shared == NULL) {
        set_errno();
    }
    if (mapping != NULL) {
        (void)CloseHandle(mapping); // The view stays mapped.
    }
    (void)CloseHandle(file);
    if (shared == NULL && is_new) {
        (void)DeleteFileA(path);
    }
    return shared;
}

void *os_share(size_t size_bytes)
{
    return calloc(1, size_bytes); // No process forks here.
}

void os_share_end(void *start, size_t size_bytes)
{
    (void)size_bytes;
    free(start);
}

bool os_aborts(void (*act)(const void *context), const void *context)
{
    (void)act, (void)context; // No process forks here.
    return true;
}

// Opens a file that the system deletes when it is closed.
static FILE *open_scratch(void)
{
    char folder[MAX_PATH];
    char path[MAX_PATH];
    if (GetTempPathA(sizeof folder, folder) == 0 || GetTempFileNameA(folder, "ch", 0, path) == 0) {
        return NULL;
    }
    return fopen(path, "w+bTD");
}

FILE *os_read_bytes(const void *bytes, size_t size_bytes)
{
    FILE *file = open_scratch();
    if (file != NULL && fwrite(bytes, 1, size_bytes, file) != size_bytes) {
        (void)fclose(file);
        return NULL;
    }
    if (file != NULL) {
        rewind(file);
    }
    return file;
}

FILE *os_write_bytes(struct os_writer *writer)
{
    writer->file = open_scratch();
    return writer->file;
}

char *os_written(struct os_writer *writer)
{
    long end = ftell(writer->file);
    size_t size_bytes = end < 0 ? 0 : (size_t)end;
    writer->bytes = malloc(size_bytes + 1);
    rewind(writer->file);
    bool is_whole = end >= 0 && ferror(writer->file) == 0 && writer->bytes != NULL &&
                    fread(writer->bytes, 1, size_bytes, writer->file) == size_bytes;
    if (!is_whole) {
        free(writer->bytes);
        writer->bytes = NULL;
    }
    (void)fclose(writer->file);
    if (writer->bytes != NULL) {
        writer->bytes[size_bytes] = '\0';
        writer->size_bytes = size_bytes;
    }
    return writer->bytes;
}
