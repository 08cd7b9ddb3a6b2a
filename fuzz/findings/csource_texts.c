// The functions that a program as C may need, word for word. Each stands alone but for those that
// csource_need names.

#include "findings/csource_parts.h"

#include "world/asan.h"

static const char expect[] = "static void expect(bool holds, const char *law, const char *what)\n"
                             "{\n"
                             "    if (!holds) {\n"
                             "        fprintf(stderr, \"law %s broken: %s\\n\", law, what);\n"
                             "        exit(1);\n"
                             "    }\n"
                             "}\n";

// The limit of subject libc in this build.
#ifdef MALLOC_IS_DEAR
#define SAID_LIMIT " 1 MiB is the limit."
#define UNLESS_DEAR "size > 1024 * 1024 ? NULL : "
#else
#define SAID_LIMIT ""
#define UNLESS_DEAR ""
#endif

static const char allocates[] =
    "// malloc(0) may be NULL in C; here it must be a block." SAID_LIMIT "\n"
    "static void *allocate(size_t size)\n"
    "{\n"
    "    return " UNLESS_DEAR "malloc(size == 0 ? 1 : size);\n"
    "}\n";

static const char reallocates[] = "static void *reallocate(void *block, size_t size)\n"
                                  "{\n"
                                  "    if (block == NULL) {\n"
                                  "        return allocate(size);\n"
                                  "    }\n"
                                  "    if (size == 0) { // C leaves realloc to 0 open.\n"
                                  "        free(block);\n"
                                  "        return NULL;\n"
                                  "    }\n"
                                  "    return " UNLESS_DEAR "realloc(block, size);\n"
                                  "}\n";

static const char size_is_exact[] =
    "static void expect_size(const char *law, void *block, size_t size)\n"
    "{\n"
    "    if (block != NULL && IAtlMemMgr_GetSize(heap, block) != size) {\n"
    "        fprintf(stderr, \"law %s broken: GetSize is %zu, expected %zu\\n\", law,\n"
    "                IAtlMemMgr_GetSize(heap, block), size);\n"
    "        exit(1);\n"
    "    }\n"
    "}\n";

const char csource_size_is_enough[] =
    "static void expect_size(const char *law, void *block, size_t size)\n"
    "{\n"
    "    if (block != NULL && malloc_usable_size(block) < size) {\n"
    "        fprintf(stderr, \"law %s broken: %zu bytes are usable, expected %zu\\n\", law,\n"
    "                malloc_usable_size(block), size);\n"
    "        exit(1);\n"
    "    }\n"
    "}\n";

static const char aligned[] =
    "static void expect_aligned(const void *block)\n"
    "{\n"
    "    expect((uintptr_t)block % (2 * sizeof(void *)) == 0, \"aligned\",\n"
    "           \"a block is not at a multiple of the size of two pointers\");\n"
    "}\n";

static const char fill[] =
    "// What byte `at` of a block is filled with, and which byte is next: of a block above 64 KiB\n"
    "// only the first and the last 32 KiB are written and read.\n"
    "static unsigned char byte_at(size_t at, size_t pattern)\n"
    "{\n"
    "    return (unsigned char)(at % 251 + pattern * 37);\n"
    "}\n"
    "\n"
    "static size_t next(size_t at, size_t size)\n"
    "{\n"
    "    const size_t edge = 32768;\n"
    "    return at + 1 == edge && size > 2 * edge ? size - edge : at + 1;\n"
    "}\n"
    "\n"
    "static void fill(void *block, size_t size, size_t pattern)\n"
    "{\n"
    "    for (size_t at = 0; block != NULL && at < size; at = next(at, size)) {\n"
    "        ((unsigned char *)block)[at] = byte_at(at, pattern);\n"
    "    }\n"
    "}\n";

static const char bytes[] =
    "// Expects the first `kept` bytes that fill wrote with this size and pattern.\n"
    "static void expect_bytes(const char *law, const void *block, size_t size, size_t kept,\n"
    "                         size_t pattern)\n"
    "{\n"
    "    const unsigned char *is = block;\n"
    "    for (size_t at = 0; is != NULL && at < size && at < kept; at = next(at, size)) {\n"
    "        if (is[at] != byte_at(at, pattern)) {\n"
    "            fprintf(stderr, \"law %s broken: byte %zu of %zu is 0x%02x, expected "
    "0x%02x\\n\",\n"
    "                    law, at, size, (unsigned)is[at], (unsigned)byte_at(at, pattern));\n"
    "            exit(1);\n"
    "        }\n"
    "    }\n"
    "}\n";

static const char live[] = "static bool is_live(const void *address)\n"
                           "{\n"
                           "    for (size_t i = 0; i < BLOCKS; i++) {\n"
                           "        if (address != NULL && block_at(i) == address) {\n"
                           "            return true;\n"
                           "        }\n"
                           "    }\n"
                           "    return false;\n"
                           "}\n";

static const char poisoned[] =
    "// Only AddressSanitizer can tell; without it no byte counts as touchable.\n"
    "#if defined(__has_feature)\n"
    "#if __has_feature(address_sanitizer)\n"
    "#define HAS_ASAN 1\n"
    "#endif\n"
    "#endif\n"
    "#if defined(__SANITIZE_ADDRESS__) || defined(HAS_ASAN)\n"
    "#include <sanitizer/asan_interface.h>\n"
    "#define is_touchable(byte) (__asan_address_is_poisoned(byte) == 0)\n"
    "#else\n"
    "#define is_touchable(byte) ((void)(byte), false)\n"
    "#endif\n";

static const char past_end[] =
    "static void expect_past_end(const void *block, size_t size)\n"
    "{\n"
    "    const unsigned char *end = (const unsigned char *)block + size;\n"
    "    expect(block == NULL || is_live(end) || !is_touchable(end), \"past-end\",\n"
    "           \"the first byte past a block's end can be touched\");\n"
    "}\n";

static const char disjoint[] =
    "// A block of 0 bytes counts as one: its address is its own.\n"
    "static void expect_disjoint(const void *block, size_t size)\n"
    "{\n"
    "    uintptr_t begin = (uintptr_t)block;\n"
    "    size_t same = 0;\n"
    "    for (size_t i = 0; block != NULL && i < BLOCKS; i++) {\n"
    "        uintptr_t other = (uintptr_t)block_at(i);\n"
    "        same += other == begin;\n"
    "        expect(same < 2 && (other == 0 || other == begin ||\n"
    "                            other >= begin + (size == 0 ? 1 : size) ||\n"
    "                            begin >= other + (size_at(i) == 0 ? 1 : size_at(i))),\n"
    "               \"disjoint\", \"a block overlaps another\");\n"
    "    }\n"
    "}\n";

static const char member[] = "static void expect_member(void *address)\n"
                             "{\n"
                             "    int expected = address == NULL ? -1 : is_live(address);\n"
                             "    int answer = IMalloc_DidAlloc(task, address);\n"
                             "    if (answer != expected) {\n"
                             "        fprintf(stderr, \"law member broken: DidAlloc is %d, "
                             "expected %d\\n\", answer, expected);\n"
                             "        exit(1);\n"
                             "    }\n"
                             "}\n";

const char csource_counts[] =
    "static void expect_counts(const char *law)\n"
    "{\n"
    "    struct ch_stats stats = ch_heap_stats(engine);\n"
    "    size_t live_blocks = 0;\n"
    "    size_t live_bytes = 0;\n"
    "    for (size_t i = 0; i < BLOCKS; i++) {\n"
    "        live_blocks += block_at(i) != NULL;\n"
    "        live_bytes += block_at(i) != NULL ? size_at(i) : 0;\n"
    "    }\n"
    "    expect(stats.live_blocks == live_blocks && stats.live_bytes == live_bytes, law,\n"
    "           \"the heap does not count the blocks and bytes that are live\");\n"
    "$check"
    "}\n";

static const char holds[] =
    "static void expect_invariants(void)\n"
    "{\n"
    "    struct ch_broken broken = ch_heap_check(engine);\n"
    "    if (broken.invariant != CH_INVARIANTS) {\n"
    "        fprintf(stderr, \"law invariant broken: it does not hold that %s\\n\",\n"
    "                ch_invariant_sentence(broken.invariant));\n"
    "        exit(1);\n"
    "    }\n"
    "}\n";

static const char get_malloc[] =
    "static void expect_get_malloc(DWORD context)\n"
    "{\n"
    "    static IMalloc preset;\n"
    "    IMalloc *allocator = &preset;\n"
    "    HRESULT result = CoGetMalloc(context, &allocator);\n"
    "    if (context == MEMCTX_TASK) {\n"
    "        expect(result == S_OK && allocator == task, \"com\", \"CoGetMalloc(MEMCTX_TASK)\");\n"
    "    } else {\n"
    "        expect(result == E_INVALIDARG && allocator == NULL, \"com\",\n"
    "               \"CoGetMalloc of a context without an allocator\");\n"
    "    }\n"
    "}\n";

static const char query[] = "static void expect_query(REFIID wanted, bool is_known)\n"
                            "{\n"
                            "    static int preset;\n"
                            "    void *object = &preset;\n"
                            "    HRESULT result = IMalloc_QueryInterface(task, wanted, &object);\n"
                            "    if (is_known) {\n"
                            "        expect(result == S_OK && object == task, \"com\", "
                            "\"QueryInterface of a known one\");\n"
                            "    } else {\n"
                            "        expect(result == E_NOINTERFACE && object == NULL, \"com\",\n"
                            "               \"QueryInterface of an unknown one\");\n"
                            "    }\n"
                            "}\n";

static const char fault[] =
    "static void on_fault(void *context, enum ch_fault fault, const void *block)\n"
    "{\n"
    "    (void)context, (void)block;\n"
    "    expect(false, \"faultless\", ch_fault_sentence(fault));\n"
    "}\n";

const char csource_pages[] =
    "// Pages that can be refused, and that are garbage when they come and after they have gone.\n"
    "static size_t page_bytes, budget_pages, committed_pages, granted_before_refusal;\n"
    "static bool will_refuse;\n"
    "static unsigned char *arena, *is_committed;\n"
    "\n"
    "static size_t os_page_bytes(void *world)\n"
    "{\n"
    "    page_bytes = ch_pages_os.os_page_bytes(world);\n"
    "    return page_bytes;\n"
    "}\n"
    "\n"
    "static void *reserve(void *world, size_t size)\n"
    "{\n"
    "    arena = ch_pages_os.reserve(world, size);\n"
    "    is_committed = calloc(size / page_bytes + 1, 1);\n"
    "    return is_committed == NULL ? NULL : arena;\n"
    "}\n"
    "\n"
    "static void release(void *world, void *start, size_t size)\n"
    "{\n"
    "    ch_pages_os.release(world, start, size);\n"
    "    free(is_committed);\n"
    "    committed_pages = 0;\n"
    "}\n"
    "\n"
    "// The system writes to its pages whatever the heap has poisoned.\n"
    "#if defined(__GNUC__)\n"
    "__attribute__((no_sanitize(\"address\")))\n"
    "#endif\n"
    "static void make_garbage(void *start, size_t size)\n"
    "{\n"
    "    volatile unsigned char *bytes = start;\n"
    "    for (size_t at = 0; at < size; at = at == 32767 && size > 65536 ? size - 32768 : at + 1) "
    "{\n"
    "        bytes[at] = (unsigned char)(0xd7 + at % 5);\n"
    "    }\n"
    "}\n"
    "\n"
    "// Notes that pages come or go. Returns how many; they all have to be what they are not yet.\n"
    "static void note(void *start, size_t size, bool comes)\n"
    "{\n"
    "    size_t first = (size_t)((unsigned char *)start - arena) / page_bytes;\n"
    "    for (size_t i = first; i < first + size / page_bytes; i++) {\n"
    "        $check\n"
    "        is_committed[i] = comes;\n"
    "    }\n"
    "    committed_pages += comes ? size / page_bytes : 0;\n"
    "    committed_pages -= comes ? 0 : size / page_bytes;\n"
    "}\n"
    "\n"
    "static bool commit(void *world, void *start, size_t size)\n"
    "{\n"
    "    bool is_refused = will_refuse && granted_before_refusal == 0;\n"
    "    if (will_refuse && !is_refused) {\n"
    "        granted_before_refusal--;\n"
    "    }\n"
    "    if (is_refused || committed_pages + size / page_bytes > budget_pages) {\n"
    "        will_refuse = will_refuse && !is_refused;\n"
    "        return false;\n"
    "    }\n"
    "    note(start, size, true);\n"
    "    if (!ch_pages_os.commit(world, start, size)) {\n"
    "        perror(\"the system has no pages\");\n"
    "        exit(2);\n"
    "    }\n"
    "    make_garbage(start, size);\n"
    "    return true;\n"
    "}\n"
    "\n"
    "static void decommit(void *world, void *start, size_t size)\n"
    "{\n"
    "    (void)world; // The system keeps them, so that who still uses them finds garbage.\n"
    "    note(start, size, false);\n"
    "    make_garbage(start, size);\n"
    "}\n"
    "\n"
    "#if defined(__GNUC__)\n"
    "__attribute__((no_sanitize(\"address\")))\n"
    "#endif\n"
    "static bool move(void *world, void *from, void *to, size_t size)\n"
    "{\n"
    "    volatile uint64_t *source = from;\n"
    "    volatile uint64_t *target = to;\n"
    "    (void)world;\n"
    "    for (size_t at = 0; at < size / sizeof *source; at++) {\n"
    "        target[at] = source[at];\n"
    "        source[at] = 0;\n"
    "    }\n"
    "    return true;\n"
    "}\n"
    "\n"
    "static const struct ch_pages pages = {\n"
    "    .os_page_bytes = os_page_bytes,\n"
    "    .reserve = reserve,\n"
    "    .commit = commit,\n"
    "    .decommit = decommit,\n"
    "    .release = release,\n"
    "    .move = move,\n"
    "};\n";

const char *const csource_texts[PARTS] = {
    [PART_TASK] = "static IMalloc *task;\n",
    [PART_EXPECT] = expect,
    [PART_ALLOCATE] = allocates,
    [PART_REALLOCATE] = reallocates,
    [PART_SIZE] = size_is_exact,
    [PART_ALIGNED] = aligned,
    [PART_FILL] = fill,
    [PART_BYTES] = bytes,
    [PART_LIVE] = live,
    [PART_POISONED] = poisoned,
    [PART_PAST_END] = past_end,
    [PART_DISJOINT] = disjoint,
    [PART_MEMBER] = member,
    [PART_HOLDS] = holds,
    [PART_MALLOC] = get_malloc,
    [PART_QUERY] = query,
    [PART_FAULT] = fault,
};
