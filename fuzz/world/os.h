// The harness's needs of the operating system, beyond the C library. os_posix.c and os_windows.c
// each implement all of them.
#ifndef WORLD_OS_H
#define WORLD_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/// Returns memory of zeros, most of which stays untouched. Returns NULL iff no memory is available.
void *os_map(size_t size_bytes);

/// Readies a range of it for use, where the system requires that before the range is touched.
/// Returns false iff that fails.
bool os_use(void *start, size_t size_bytes);

/// Makes mapped memory new again. Returns false iff that fails.
bool os_renew(void *start, size_t size_bytes);

/// Drops the memory behind a range that is no longer needed. The range then holds zeros, or keeps
/// its bytes.
void os_drop(void *start, size_t size_bytes);

/// Moves the pages of one range of mapped memory to another. Returns false iff that fails; then the
/// other range may be new.
bool os_move(void *from, void *to, size_t size_bytes);

/// Returns the bytes of memory that the process holds; SIZE_MAX where they are unknown.
size_t os_resident_bytes(void);

/// Returns the bytes of a range that the system counts as the process's own, touched or not;
/// SIZE_MAX where they are unknown.
size_t os_charged_bytes(const void *start, size_t size_bytes);

/// Returns the processor seconds of this process, and of its children that have ended.
double os_processor_seconds(void);

/// Keeps the bytes of standard output as printed: some systems end a line by two bytes.
void os_print_bytes(void);

/// Makes a failed write return an error instead of ending the process. Keeps later files off the
/// numbers of closed standard streams, so that no write to such a stream reaches them.
void os_fail_writes(void);

/// Returns the path of a file with its links followed, which the caller frees. Returns NULL iff
/// there is no file, no memory, or no support for links.
char *os_real_path(const char *path);

/// Returns whether a path leads to something other than a file: a device, or a broken link.
bool os_is_special(const char *path);

/// Gives a file the permissions of the file at a path, if there is one.
void os_copy_mode(const char *path, FILE *file);

/// Renames a file within its folder, in one step. A file of the new name is replaced if `replaces`,
/// and otherwise means EEXIST. Returns false, with errno, iff that fails.
bool os_rename(const char *from, const char *to, bool replaces);

/// Returns the columns of the terminal on standard output; 0 where they are unknown.
size_t os_columns(void);

/// Returns a block of zeros. Returns NULL iff no memory is available.
void *os_block(size_t size_bytes);

/// Resizes a block, which may move it. Returns NULL, and keeps the block, iff that fails.
void *os_block_resize(void *block, size_t old_bytes, size_t size_bytes);

/// Gives a block back.
void os_block_end(void *block, size_t size_bytes);

/// Returns the usable bytes of a block of malloc; 0 for NULL.
size_t os_malloc_bytes(void *block);

/// Returns a file's content as shared memory, with space on the disk set aside for all of it.
/// Returns NULL, with errno, iff that fails; then a file that was not there before is gone again.
void *os_share_file(const char *path, size_t size_bytes);

/// Returns memory that this process shares with its forks. Returns NULL iff no memory is available.
void *os_share(size_t size_bytes);

/// Gives shared memory back.
void os_share_end(void *start, size_t size_bytes);

/// Calls a function in a child process, which prints nothing. Returns whether that ends by abort
/// within OS_CHILD_SECONDS. Where there can be no child, calls nothing and returns true.
#define OS_CHILD_SECONDS 2U
bool os_aborts(void (*act)(const void *context), const void *context);

/// Returns a file of these bytes, to read. Returns NULL iff that fails.
FILE *os_read_bytes(const void *bytes, size_t size_bytes);

/// Holds a file to write, and its bytes.
struct os_writer {
    FILE *file;
    char *bytes;
    size_t size_bytes;
};

/// Returns a file to write. Returns NULL iff that fails.
FILE *os_write_bytes(struct os_writer *writer);

/// Closes the file. Returns the bytes written to it, with a 0 after them, which the caller frees.
/// Returns NULL iff that fails.
char *os_written(struct os_writer *writer);

#endif
