// What the harness wants of the operating system, beside what a C library has: os_posix.c and
// os_windows.c each have all of it.
#ifndef WORLD_OS_H
#define WORLD_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/// Returns memory of zeros, most of which will never be touched; NULL: there is none. Where the
/// system wants to be told, os_use has to be called for what is touched.
void *os_map(size_t size_bytes);
bool os_use(void *start, size_t size_bytes);

/// Makes all of it as it was when it was new. Returns false iff that fails.
bool os_renew(void *start, size_t size_bytes);

/// Lets the memory behind a range go that nobody needs, which then is zeros, or stays as it is.
void os_drop(void *start, size_t size_bytes);

/// Moves the pages of one range within it to another. Returns false iff it can't; then the range it
/// was to go to may be new.
bool os_move(void *from, void *to, size_t size_bytes);

/// Returns how much memory the process holds; SIZE_MAX where it can't be told.
size_t os_resident_bytes(void);

/// Makes standard output the bytes that are printed: some systems end a line by two.
void os_print_bytes(void);

/// From now on a write that can't be done fails, rather than to end the process; nor does one to a
/// standard stream that is closed reach a file that was opened since.
void os_fail_writes(void);

/// Returns where the file at a path is when links are followed, which the caller frees; NULL: there
/// is no file, or no memory, or links are not known here.
char *os_real_path(const char *path);

/// Whether there is something at a path that is no file: a device, or a link to what is not there.
bool os_is_special(const char *path);

/// Lets those read and write a file who may do so with the one at the path, if there is one.
void os_copy_mode(const char *path, FILE *file);

/// Gives a file another name in the same folder, in one step. A file that has it already goes if
/// `replaces`; otherwise that is EEXIST. Returns false, with errno, iff it can't.
bool os_rename(const char *from, const char *to, bool replaces);

/// Returns how many columns the terminal has that is standard output; 0 where it can't be told.
size_t os_columns(void);

/// Returns a block, zeros; or gives it another size, at another place; or NULL.
void *os_block(size_t size_bytes);
void *os_block_resize(void *block, size_t old_bytes, size_t size_bytes);
void os_block_end(void *block, size_t size_bytes);

/// Returns how many bytes of a block of malloc may be used; 0 for NULL.
size_t os_malloc_bytes(void *block);

/// Returns memory that is the file's content, with space set aside for all of it; NULL, with errno,
/// iff that can't be. Then the file is gone again if it was not there.
void *os_share_file(const char *path, size_t size_bytes);

/// Returns memory that this process and those that it forks share; or NULL.
void *os_share(size_t size_bytes);
void os_share_end(void *start, size_t size_bytes);

/// Returns a file of these bytes, to read; NULL: there is no memory.
FILE *os_read_bytes(const void *bytes, size_t size_bytes);

/// Returns a file to write, or NULL. os_written closes it and returns all that was written, with a
/// 0 behind it, which the caller frees; or NULL.
struct os_writer {
    FILE *file;
    char *bytes;
    size_t size_bytes;
};
FILE *os_write_bytes(struct os_writer *writer);
char *os_written(struct os_writer *writer);

#endif
