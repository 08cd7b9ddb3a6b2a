// Misuse as C: which fault each call has to raise is written down, as the run found it, so that who
// reads the source sees what is expected.

#include "findings/csource_parts.h"

#include <stdio.h>
#include <string.h>

#include "laws/misuse.h"

#define say csource_say

#define BASE_BYTES 128U
#define ADDRESS_BYTES 256U

static const char told[] = "// What the heap has told of, and whether it is to.\n"
                           "static size_t faults;\n"
                           "static enum ch_fault raised;\n"
                           "static const void *raised_at;\n"
                           "static bool is_misused;\n"
                           "\n"
                           "static void on_fault(void *context, enum ch_fault fault, "
                           "const void *block)\n"
                           "{\n"
                           "    (void)context;\n"
                           "    $check\n"
                           "    faults++;\n"
                           "    raised = fault;\n"
                           "    raised_at = block;\n"
                           "}\n";

static const char expect_fault[] =
    "// After each misuse: it has raised this one fault, or none for CH_FAULTS, and done nothing.\n"
    "static void expect_fault(enum ch_fault fault, void *address, const void *answer)\n"
    "{\n"
    "    bool is_right = faults == (fault == CH_FAULTS ? 0 : 1) &&\n"
    "                    (faults == 0 || (raised == fault && raised_at == address));\n"
    "    if (!is_right || answer != NULL || IAtlMemMgr_GetSize(heap, address) != SIZE_MAX ||\n"
    "        IMalloc_GetSize(task, address) != SIZE_MAX) {\n"
    "        fprintf(stderr, \"law misuse broken: %zu faults, '%s', expected '%s'\\n\", faults,\n"
    "                faults == 0 ? \"\" : ch_fault_sentence(raised), ch_fault_sentence(fault));\n"
    "        exit(1);\n"
    "    }\n"
    "    expect_counts(\"misuse\");\n"
    "    faults = 0;\n"
    "}\n";

static const char expect_nothing[] =
    "static void expect_fault(enum ch_fault fault, void *address, const void *answer)\n"
    "{\n"
    "    (void)fault, (void)address, (void)answer, (void)raised, (void)raised_at;\n"
    "    faults = 0;\n"
    "}\n";

static const char bad_free[] = "static void bad_free(void *address, enum ch_fault fault)\n"
                               "{\n"
                               "    is_misused = true;\n"
                               "    IAtlMemMgr_Free(heap, address);\n"
                               "    expect_fault(fault, address, NULL);\n"
                               "    CoTaskMemFree(address);\n"
                               "    expect_fault(fault, address, NULL);\n"
                               "    IMalloc_Free(task, address);\n"
                               "    expect_fault(fault, address, NULL);\n"
                               "    is_misused = false;\n"
                               "}\n";

static const char bad_reallocate[] =
    "// To 0 bytes it is a free, and CComHeap looks at nothing above its limit.\n"
    "static void bad_reallocate(void *address, enum ch_fault fault, enum ch_fault of_free)\n"
    "{\n"
    "    static const size_t sizes[] = {0, 1, 65536, (size_t)INT_MAX + 1};\n"
    "    is_misused = true;\n"
    "    for (size_t i = 0; i < 4; i++) {\n"
    "        enum ch_fault wanted = i == 0 ? of_free : fault;\n"
    "        void *answer = IAtlMemMgr_Reallocate(heap, address, sizes[i]);\n"
    "        expect_fault(i == 3 ? CH_FAULTS : wanted, address, answer);\n"
    "        answer = CoTaskMemRealloc(address, sizes[i]);\n"
    "        expect_fault(wanted, address, answer);\n"
    "        answer = IMalloc_Realloc(task, address, sizes[i]);\n"
    "        expect_fault(wanted, address, answer);\n"
    "    }\n"
    "    is_misused = false;\n"
    "}\n";

static const char scribble[] =
    "// Writes over poison, too, but leaves live blocks alone.\n"
    "#if defined(__GNUC__)\n"
    "__attribute__((no_sanitize(\"address\")))\n"
    "#endif\n"
    "static void scribble(void *start, size_t size, unsigned which)\n"
    "{\n"
    "    const uint64_t patterns[] = {0x9e3779b97f4a7c15U, 0, UINT64_MAX, (uintptr_t)start / 8 * "
    "8};\n"
    "    volatile unsigned char *bytes = start;\n"
    "    for (size_t at = 0; at < size; at++) {\n"
    "        uintptr_t address = (uintptr_t)start + at;\n"
    "        bool is_live = false;\n"
    "        for (size_t i = 0; i < BLOCKS; i++) {\n"
    "            uintptr_t block = (uintptr_t)block_at(i);\n"
    "            is_live = is_live || (block != 0 && address - block < size_at(i));\n"
    "        }\n"
    "        if (!is_live) {\n"
    "            bytes[at] = (unsigned char)(patterns[which] >> (address % 8 * 8));\n"
    "        }\n"
    "    }\n"
    "}\n";

void csource_print_misuse(FILE *file, const struct csource *source, enum part part)
{
    static const char *const texts[PARTS] = {
        [PART_BAD_FREE] = bad_free,
        [PART_BAD_REALLOCATE] = bad_reallocate,
        [PART_SCRIBBLE] = scribble,
    };
    if (part == PART_FAULT) {
        const char *check = strstr(told, "$check");
        fprintf(file, "%.*s%s%s", (int)(check - told), told,
                csource_checks(source, LAW_FAULTLESS)
                    ? "expect(is_misused, \"faultless\", ch_fault_sentence(fault));"
                    : "(void)is_misused;",
                check + strlen("$check"));
    } else if (part == PART_RAISED) {
        fprintf(file, "%s", csource_checks(source, LAW_MISUSE) ? expect_fault : expect_nothing);
    } else {
        fprintf(file, "%s", texts[part]);
    }
}

// Where the op's address counts from. Of a slot that never held a block in the run that is the
// arena, whatever it holds in C.
static void print_base(const struct csource *source, const struct csource_group *group,
                       const struct csource_names *names, char base[BASE_BYTES])
{
    if (group->slot.address != 0) {
        (void)snprintf(base, BASE_BYTES, "last_%s", names->block);
    } else if (source->is_asked[group->first]) {
        (void)snprintf(base, BASE_BYTES, "(last_%s != NULL ? last_%s : (void *)engine)",
                       names->block, names->block);
    } else {
        (void)snprintf(base, BASE_BYTES, "engine");
    }
}

static void print_address(const struct csource *source, const struct csource_group *group,
                          const struct csource_names *names, char address[ADDRESS_BYTES])
{
    char base[BASE_BYTES];
    const char *more = group->verb != VERB_SCRIBBLE ? group->size
                       : group->slot.is_live        ? names->size
                                                    : "0";
    bool is_word = more[strcspn(more, " -")] == '\0';
    print_base(source, group, names, base);
    if (group->verb == VERB_BAD_ADDRESS) {
        (void)snprintf(address, ADDRESS_BYTES, "(void *)(uintptr_t)(%s)", more);
    } else if (strcmp(more, "0") == 0) {
        (void)snprintf(address, ADDRESS_BYTES, "%s", base);
    } else if (is_word) {
        (void)snprintf(address, ADDRESS_BYTES, "(void *)((uintptr_t)%s + %s)", base, more);
    } else {
        (void)snprintf(address, ADDRESS_BYTES, "(void *)((uintptr_t)%s + (%s))", base, more);
    }
}

// The calls on a stray pointer, each with the fault that it has to raise.
static void misuse(struct csource *source, const struct csource_group *group, const char *address)
{
    static const char *const frees[] = {"CH_FAULT_FREE_TWICE", "CH_FAULT_FREE_INTERIOR",
                                        "CH_FAULT_FREE_FOREIGN"};
    static const char *const reallocs[] = {"CH_FAULT_REALLOC_STALE", "CH_FAULT_REALLOC_INTERIOR",
                                           "CH_FAULT_REALLOC_FOREIGN"};
    size_t stray = group->misused_bytes;
    if (group->verb != VERB_BAD_REALLOCATE) {
        csource_need(source, PART_BAD_FREE);
        say(source, "bad_free(%s, %s);", address, frees[stray]);
    }
    if (group->verb != VERB_BAD_FREE) {
        csource_need(source, PART_BAD_REALLOCATE);
        csource_need(source, PART_LIMITS);
        say(source, "bad_reallocate(%s, %s, %s);", address, reallocs[stray], frees[stray]);
    }
}

bool csource_is_misuse(enum verb verb)
{
    return verb == VERB_BAD_FREE || verb == VERB_BAD_REALLOCATE || verb == VERB_BAD_ADDRESS ||
           verb == VERB_SCRIBBLE;
}

void csource_misuse(struct csource *source, const struct csource_group *group,
                    const struct csource_names *names)
{
    char address[ADDRESS_BYTES];
    print_address(source, group, names, address);
    if (group->misused == ANSWER_STRAY) {
        misuse(source, group, address);
    } else if (group->misused == ANSWER_WRITTEN) {
        csource_need(source, PART_SCRIBBLE);
        say(source, "scribble(%s, %zu, %u);", address, group->misused_bytes,
            (unsigned)(group->size_bytes % MISUSE_PATTERNS));
    } else {
        csource_ask_address(source, address);
    }
}
