// The file of a recording: the recorder writes it from inside of the recorded process, and
// `heapfuzz record` reads it. It is gone afterwards, so its layout may change.
//
// It begins with struct recording. From RECORDING_HEADER_BYTES on it has chunks of records, which
// are in the order of the calls.
#ifndef HEAPFUZZ_RECORDING_H
#define HEAPFUZZ_RECORDING_H

#include <stdint.h>

/// Names the environment variable that holds the path of the file.
#define RECORDING_VARIABLE "HEAPFUZZ_RECORDING"

/// These are multiples of any page.
#define RECORDING_HEADER_BYTES ((uint64_t)64 * 1024)
#define RECORDING_CHUNK_RECORDS ((uint64_t)64 * 1024)

/// All numbers are 0 in a new file.
struct recording {
    uint64_t records;   ///< The places given out. A place whose call never came back is empty.
    uint32_t process;   ///< The process that is recorded: the first that came.
    uint32_t threads;   ///< Those that made a call,
    uint32_t processes; ///< and the others that came, which are not recorded.
    uint32_t error;     ///< Of the system, when the file could grow no more; 0: all is recorded.
};

enum record_kind {
    RECORD_EMPTY,
    RECORD_ALLOCATE,
    RECORD_ALLOCATE_ZEROED,
    RECORD_ALLOCATE_ALIGNED,
    RECORD_FREE,   ///< Before the call, as the block may be another thread's at once.
    RECORD_MOVE,   ///< Before a reallocation of `block`.
    RECORD_MOVED,  ///< After it: `block` is its result, or NULL for one to 0 bytes.
    RECORD_STAYED, ///< After a failed one: `block` is still there.
};

/// A call takes sixteen bytes, as most of the time of a recording goes into new pages of its file.
struct record {
    uint64_t block;
    uint64_t call; ///< Written last; see record_call. Large sizes are cut.
};

#define RECORD_THREAD_MOST UINT64_C(16383)
#define RECORD_SIZE_MOST ((UINT64_C(1) << 40) - 1)

static inline uint64_t record_call(enum record_kind kind, unsigned shift, uint64_t thread,
                                   uint64_t size_bytes)
{
    uint64_t known_thread = thread < RECORD_THREAD_MOST ? thread : RECORD_THREAD_MOST;
    uint64_t known_bytes = size_bytes < RECORD_SIZE_MOST ? size_bytes : RECORD_SIZE_MOST;
    return (uint64_t)kind | (uint64_t)shift << 4 | known_thread << 10 | known_bytes << 24;
}

static inline enum record_kind record_kind(const struct record *record)
{
    return (enum record_kind)(record->call & 15);
}

static inline uint64_t record_alignment(const struct record *record)
{
    return UINT64_C(1) << (record->call >> 4 & 63);
}

static inline uint64_t record_thread(const struct record *record)
{
    return record->call >> 10 & RECORD_THREAD_MOST;
}

static inline uint64_t record_size(const struct record *record)
{
    return record->call >> 24;
}

#endif
