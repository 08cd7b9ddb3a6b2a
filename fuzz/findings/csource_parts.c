// What stands before main in a program as C: its comment, its includes, its variables, and of the
// functions those that it calls.

#include "findings/csource_parts.h"
#include "runner/runner.h"

#include <stdarg.h>
#include <string.h>

#include "findings/csource.h"

void csource_need(struct csource *source, enum part part)
{
    static const enum part needs[PARTS][3] = {
        [PART_REALLOCATE] = {PART_ALLOCATE},
        [PART_ALIGNED] = {PART_EXPECT},
        [PART_BYTES] = {PART_FILL},
        [PART_LIVE] = {PART_ALL},
        [PART_PAST_END] = {PART_EXPECT, PART_LIVE, PART_POISONED},
        [PART_DISJOINT] = {PART_EXPECT, PART_SIZES, PART_ALL},
        [PART_MEMBER] = {PART_TASK, PART_LIVE},
        [PART_COUNTS] = {PART_EXPECT, PART_SIZES, PART_ALL},
        [PART_MALLOC] = {PART_EXPECT, PART_TASK},
        [PART_QUERY] = {PART_EXPECT, PART_TASK},
        [PART_RAISED] = {PART_FAULT, PART_TASK},
        [PART_BAD_FREE] = {PART_RAISED},
        [PART_BAD_REALLOCATE] = {PART_RAISED},
        [PART_SCRIBBLE] = {PART_ALL, PART_SIZES},
    };
    source->needs[part] = true;
    for (size_t i = 0; i < 3 && needs[part][i] != 0; i++) {
        csource_need(source, needs[part][i]);
    }
    if (part == PART_RAISED && csource_checks(source, LAW_MISUSE)) {
        csource_need(source, PART_COUNTS);
    }
    if (part == PART_GONE && csource_checks(source, LAW_MEMBER)) {
        csource_need(source, PART_MEMBER);
    }
    if (part == PART_GONE && csource_checks(source, LAW_FREED)) {
        csource_need(source, PART_EXPECT);
        csource_need(source, PART_LIVE);
        csource_need(source, PART_POISONED);
    }
}

static void print_checked(FILE *file, const char *text, const char *check)
{
    const char *place = strstr(text, "$check");
    fprintf(file, "%.*s%s%s", (int)(place - text), text, check, place + strlen("$check"));
}

static void print_pages(FILE *file, const struct csource *source)
{
    static const char check[] =
        "expect(is_committed[i] != comes, \"pages\",\n"
        "               comes ? \"commit of a page that is committed\"\n"
        "                     : \"decommit of a page that is not committed\");";
    print_checked(file, csource_pages, csource_checks(source, LAW_PAGES) ? check : "(void)comes;");
}

static void print_counts(FILE *file, const struct csource *source)
{
    static const char check[] =
        "    expect(stats.committed_bytes == committed_pages * page_bytes, law,\n"
        "           \"the heap does not count the pages that it holds\");\n";
    print_checked(file, csource_counts, source->needs[PART_PAGES] ? check : "");
}

// What the heap holds of the system, as C.
static const char *committed(const struct csource *source)
{
    return source->needs[PART_PAGES] ? "committed_pages * page_bytes"
                                     : "ch_heap_stats(engine).committed_bytes";
}

// Whether what a fresh heap holds is kept.
static bool has_fresh(const struct csource *source)
{
    return csource_checks(source, LAW_EMPTY) || csource_checks(source, LAW_FOOTPRINT);
}

static void print_world(FILE *file, const struct csource *source)
{
    bool has_pages = source->needs[PART_PAGES];
    fprintf(file, "// A heap of its own in so large an arena%s: all calls below reach it.\n",
            has_pages ? ", with so many pages, 0 for any number" : "");
    fprintf(file, "static void begin_world(size_t arena_bytes%s)\n{\n",
            has_pages ? ", size_t most_pages" : "");
    fprintf(
        file,
        "    struct ch_config config = {.arena_bytes = arena_bytes, .thread_caches = %u%s%s};\n",
        LANES - 1, has_pages ? ", .pages = &pages" : "",
        source->needs[PART_FAULT] ? ", .on_fault = on_fault" : "");
    if (has_pages) {
        fprintf(file, "    budget_pages = most_pages == 0 ? SIZE_MAX : most_pages;\n"
                      "    will_refuse = false;\n");
    }
    fprintf(file, "    engine = ch_heap_create(&config);\n");
    if (has_pages) {
        fprintf(file,
                "    if (engine == NULL && most_pages != 0) { // Too few for an empty heap.\n"
                "        begin_world((size_t)%zu, 0);\n"
                "        return;\n"
                "    }\n",
                RUN_ARENA_BYTES);
    }
    fprintf(file,
            "    if (engine == NULL) {\n"
            "        fprintf(stderr, \"%sno heap in an arena of %%zu bytes\\n\", arena_bytes);\n"
            "        exit(%d);\n    }\n",
            csource_checks(source, LAW_REASON) ? "law reason broken: " : "",
            csource_checks(source, LAW_REASON) ? 1 : 2);
    fprintf(file, "    (void)ch_task_heap_use(engine);\n    heap = ch_com_heap();\n");
    if (source->needs[PART_TASK]) {
        fprintf(file, "    (void)CoGetMalloc(MEMCTX_TASK, &task);\n");
    }
    if (has_fresh(source)) {
        fprintf(file, "    fresh_bytes = %s;\n", committed(source));
    }
    fprintf(file, "}\n");
}

static void print_end(FILE *file, const struct csource *source)
{
    bool holds = csource_checks(source, LAW_INVARIANT);
    fprintf(file, "static void end_world(void)\n{\n");
    if (csource_checks(source, LAW_EMPTY)) {
        fprintf(file,
                "    struct ch_stats stats = ch_heap_stats(engine);\n"
                "    expect(stats.live_blocks == 0 && stats.live_bytes == 0, \"empty\",\n"
                "           \"something is live after everything is freed\");\n"
                "    ch_heap_minimize(engine);\n"
                "    expect(%s <= fresh_bytes, \"empty\",\n"
                "           \"more stays committed than in a fresh heap\");\n",
                committed(source));
    } else if (holds || csource_checks(source, LAW_PAGES)) {
        fprintf(file, "    ch_heap_minimize(engine);\n");
    }
    if (holds) {
        fprintf(file, "    expect_invariants();\n");
    }
    fprintf(file, "    (void)ch_task_heap_use(NULL);\n"
                  "    ch_heap_destroy(engine);\n}\n");
}

static void print_gone(FILE *file, const struct csource *source)
{
    fprintf(file, "// What a block was is no block, and, up to 8 KiB, poisoned at both ends.\n"
                  "static void expect_gone(void *was, size_t size)\n{\n");
    if (csource_checks(source, LAW_MEMBER)) {
        fprintf(file, "    expect_member(was);\n");
    }
    if (csource_checks(source, LAW_FREED)) {
        fprintf(file, "    const unsigned char *bytes = was;\n"
                      "    expect(size == 0 || size > 8192 || is_live(was) ||\n"
                      "               (!is_touchable(bytes) && !is_touchable(bytes + size - 1)),\n"
                      "           \"freed\", \"a freed block can be touched\");\n");
    } else {
        fprintf(file, "    (void)size;\n");
    }
    fprintf(file, "}\n");
}

static void print_same(FILE *file, const struct csource *source)
{
    fprintf(
        file,
        "static bool is_second; // Run.\n"
        "static size_t noted, places[%zu];\n\n"
        "// Which byte of the arena each answer was in the first run, from 1 on; 0 for NULL.\n"
        "static void note_same(const void *block)\n{\n"
        "    size_t place = block == NULL ? 0 : (size_t)((const unsigned char *)block - arena) + "
        "1;\n"
        "    if (is_second && places[noted] != place) {\n"
        "        fprintf(stderr, \"law same broken: answer %%zu is another place than in the \"\n"
        "                        \"first run: byte %%zu of the arena, not %%zu; 0 is NULL\\n\",\n"
        "                noted + 1, place, places[noted]);\n"
        "        exit(1);\n    }\n"
        "    places[noted++] = place;\n}\n",
        source->record->answers_made + 1);
}

// The variables of some of the slots.
static void print_variables(FILE *file, const struct csource *source, const char *type,
                            const char *prefix, const bool *is_there)
{
    const char *before = "static ";
    bool is_pointer = strchr(type, '*') != NULL;
    if (source->has_array) {
        fprintf(file, "static %s%s[%zu];\n", type, prefix, source->slot_count);
        return;
    }
    for (size_t slot = 0; slot < source->slot_count; slot++) {
        if (is_there[slot]) {
            bool is_first = before[0] == 's';
            fprintf(file, "%s%s%s%zu", before,
                    is_first     ? type
                    : is_pointer ? "*"
                                 : "",
                    prefix, slot);
            before = ", ";
        }
    }
    fprintf(file, "%s", before[0] == 's' ? "" : ";\n");
}

static void print_function_of(FILE *file, const struct csource *source, const char *type,
                              const char *name, const char *prefix)
{
    fprintf(file, "\nstatic %s%s(size_t i)\n{\n", type, name);
    if (source->has_array) {
        fprintf(file, "    return %s[i];\n}\n", prefix);
        return;
    }
    fprintf(file, "    %s*const all[] = {\n        ", type);
    const char *before = "";
    for (size_t slot = 0; slot < source->slot_count; slot++) {
        if (source->is_used[slot]) {
            fprintf(file, "%s&%s%zu", before, prefix, slot);
            before = ", ";
        }
    }
    fprintf(file, "\n    };\n    return *all[i];\n}\n");
}

static void print_blocks(FILE *file, const struct csource *source)
{
    size_t used = 0;
    for (size_t slot = 0; slot < source->slot_count; slot++) {
        used += source->is_used[slot];
    }
    fprintf(file, "\n");
    if (used > 0 || source->needs[PART_ALL]) {
        print_variables(file, source, "void *", "b", source->is_used);
    }
    if ((used > 0 && source->has_sizes) || source->needs[PART_SIZES]) {
        print_variables(file, source, "size_t ", "size_b", source->is_used);
    }
    if (source->needs[PART_LAST]) {
        fprintf(file, "// What is or was each block, for questions about it.\n");
        print_variables(file, source, "void *", "last_b", source->is_asked);
    }
    if (source->needs[PART_ALL]) {
        fprintf(file, "\nenum { BLOCKS = %zu };\n", source->has_array ? source->slot_count : used);
        print_function_of(file, source, "void *", "block_at", "b");
    }
    if (source->needs[PART_SIZES]) {
        print_function_of(file, source, "size_t ", "size_at", "size_b");
    }
}

static void print_comment(FILE *file, const struct csource *source, const char *name)
{
    const struct csource_compile *compile = csource_compile(source->plan->subject);
    if (source->law < LAWS) {
        fprintf(file, "// law %s: %s\n//\n", law_name(source->law), law_sentence(source->law));
        fprintf(file, "// A program of %s that breaks it: %s.\n", source->plan->subject->name,
                csource_checks(source, source->law)
                    ? "status 1 if it does, 0 if it does not"
                    : "the calls are here, but a check of it is not");
    } else if (source->verdict != TRIAL_CLEAN) {
        fprintf(file, "// A program of %s that ends in a crash or hangs, not in a broken law.\n",
                source->plan->subject->name);
    } else {
        fprintf(file, "// A program of %s that breaks no law: status 1 if it breaks one here.\n",
                source->plan->subject->name);
    }
    if (source->law == LAW_WRITABLE || source->law == LAW_PAST_END || source->law == LAW_FREED) {
        fprintf(file,
                "// Only AddressSanitizer sees it: compile this and the library with\n"
                "// -fsanitize=address. %s\n",
                source->law == LAW_WRITABLE ? "It reports the byte of the block that it stops at."
                                            : "It is asked about the byte.");
    } else if (source->law >= LAWS && source->verdict != TRIAL_CLEAN) {
        fprintf(file, "// If a sanitizer ended it, compile this and the library with the same.\n");
    }
    fprintf(file, "//\n//     %s%s%s\n\n", compile->before, name, compile->after);
}

static void print_includes(FILE *file, const struct csource *source)
{
    if (source->has_world) {
        fprintf(file, "#include <comheap/atlmem.h>\n#include <comheap/heap.h>\n"
                      "#include <comheap/taskmem.h>\n\n");
    }
    fprintf(file,
            "%s#include <stdbool.h>\n#include <stdint.h>\n#include <stdio.h>\n"
            "#include <stdlib.h>\n",
            source->needs[PART_LIMITS] ? "#include <limits.h>\n" : "");
    if (source->has_world) {
        fprintf(file,
                "\nstatic IAtlMemMgr *heap;\nstatic struct ch_heap *engine; // Behind it.\n%s",
                has_fresh(source) ? "static size_t fresh_bytes;\n" : "");
    } else {
        fprintf(file, "\n#include <malloc.h>\n");
    }
}

void csource_parts(FILE *file, const struct csource *source, const char *name)
{
    print_comment(file, source, name);
    print_includes(file, source);
    if (source->needs[PART_TASK]) {
        fprintf(file, "%s", csource_texts[PART_TASK]);
    }
    print_blocks(file, source);
    for (enum part part = PART_EXPECT; part < PARTS; part++) {
        if (!source->needs[part]) {
            continue;
        }
        fprintf(file, "\n");
        if (part == PART_GONE) {
            print_gone(file, source);
        } else if (part == PART_PAGES) {
            print_pages(file, source);
        } else if (part == PART_COUNTS) {
            print_counts(file, source);
        } else if (part == PART_SAME) {
            print_same(file, source);
        } else if (part == PART_END) {
            print_end(file, source);
        } else if (part == PART_WORLD) {
            print_world(file, source);
        } else if (part == PART_SCRIBBLE ||
                   (part >= PART_FAULT && part < PART_SCRIBBLE && source->needs[PART_RAISED])) {
            csource_print_misuse(file, source, part);
        } else {
            fprintf(file, "%s",
                    part == PART_SIZE && !source->has_world ? csource_size_is_enough
                                                            : csource_texts[part]);
        }
    }
}
