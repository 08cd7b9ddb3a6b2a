// The programs of an attack: three blocks, a misuse, and a tail of calls that shows its effect.
// Neither runs them nor makes the misuse.

#include "runner/attack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "language/text.h"
#include "runner/attack_parts.h"
#include "world/os.h"

static const unsigned sizes[] = {8, 24, 100, 4000};
static const char *const places[] = {"first", "middle", "last"};
#define SIZES (sizeof sizes / sizeof sizes[0])
#define PLACES (sizeof places / sizeof places[0])

// Three blocks, the misused one among them. V is its slot, W another one's, and N their size. D is
// twice that, H half of it, and L larger by ATTACK_FORGED_BYTES. I is an offset into a block, and F
// the first word of a header that tells a size of about half a block.
static const char before[] = "allocate b0 N\nallocate b1 N\nallocate b2 N\n";

// The misused block is resized and freed beside live ones. Blocks of all these sizes are allocated,
// freed, and allocated again in another order.
static const char after[] = "allocate b10 N\nallocate b11 N\nallocate b12 H\nallocate b13 H\n"
                            "check b10\nreallocate bV D\nfree bV\nallocate b7 L\n"
                            "free b11\nfree b13\nallocate b14 D\nallocate b15 N\nallocate b16 H\n"
                            "reallocate b10 D\nreallocate b12 N\n"
                            "allocate b17 1000\nallocate b18 N\nallocate b19 H\n"
                            "free b0\nfree b1\nfree b2\nfree b15\n"
                            "allocate b20 N\nallocate b21 N\nallocate b22 D\nallocate b23 4000\n"
                            "free b17\nfree b20\nminimize\nallocate b24 N\nallocate b25 H\n"
                            "check b24\n";

// Slot 9 has no block: its address is that of an object of the caller's.
static const struct {
    const char *name, *sentence, *ops;
    const char *ways[3]; // Of bytes or objects. NULL: there is no further one.
    bool has_places;
} misuses[ATTACK_MISUSES] = {
    {"free-again", "free again, at once", "free bV\nbad_free bV 0\n", {"plain"}, true},
    {"free-later",
     "free again, after other calls",
     "free bV\nfree bW\nallocate b8 D\nbad_free bV 0\n",
     {"plain"},
     true},
    {"free-inside", "free inside of a block", "bad_free bV I\n", {"plain", "forged"}, true},
    {"free-foreign",
     "free of a foreign pointer",
     "bad_free b9 0\n",
     {"stack", "static", "pages"},
     false},
    {"reallocate-freed",
     "reallocate a freed block",
     "free bV\nbad_reallocate bV 0\n",
     {"plain"},
     true},
    {"reallocate-inside",
     "reallocate inside of a block",
     "bad_reallocate bV I\n",
     {"plain", "forged"},
     true},
    {"reallocate-foreign",
     "reallocate a foreign pointer",
     "bad_reallocate b9 0\n",
     {"stack", "static", "pages"},
     false},
    {"write-freed",
     "write to a freed block",
     "free bW\nfree bV\nscribble bV N\n",
     {"garbage", "itself", "object"},
     true},
    {"write-one", "write 1 byte past the end", "scribble bV 1\n", {"zeros", "garbage"}, true},
    {"write-eight", "write 8 bytes past the end", "scribble bV 8\n", {"zeros", "garbage"}, true},
    {"write-header", "write over a header in front", "scribble bV 16\n", {"zeros", "larger"}, true},
};

const char *attack_sentence(unsigned misuse)
{
    return misuses[misuse].sentence;
}

static unsigned ways_of(unsigned misuse)
{
    unsigned ways = 0;
    while (ways < 3 && misuses[misuse].ways[ways] != NULL) {
        ways++;
    }
    return ways;
}

unsigned attack_variants(unsigned misuse)
{
    unsigned places_tried = misuses[misuse].has_places ? PLACES : 1;
    return (unsigned)SIZES * places_tried * ways_of(misuse);
}

struct attack_variant attack_variant_at(const struct subject *subject, unsigned misuse,
                                        unsigned index)
{
    unsigned places_tried = misuses[misuse].has_places ? PLACES : 1;
    return (struct attack_variant){
        .subject = subject,
        .misuse = misuse,
        .size_bytes = sizes[index % SIZES],
        .slot = index / SIZES % places_tried,
        .way = misuses[misuse].ways[index / SIZES / places_tried],
    };
}

const char *attack_name(unsigned misuse, unsigned variant, char text[ATTACK_NAME_BYTES])
{
    struct attack_variant made = attack_variant_at(NULL, misuse, variant);
    bool has_ways = ways_of(misuse) > 1;
    (void)snprintf(text, ATTACK_NAME_BYTES, "%s-%u%s%s%s%s", misuses[misuse].name, made.size_bytes,
                   misuses[misuse].has_places ? "-" : "",
                   misuses[misuse].has_places ? places[made.slot] : "", has_ways ? "-" : "",
                   has_ways ? made.way : "");
    return text;
}

// The number that a heap with headers might keep in front of a block of half the size.
size_t attack_forged_word(size_t size_bytes)
{
    return (size_bytes / 2 + ATTACK_HEADER_BYTES - 1) / ATTACK_HEADER_BYTES * ATTACK_HEADER_BYTES +
           ATTACK_HEADER_BYTES + 1;
}

static size_t number_for(char letter, const struct attack_variant *variant)
{
    switch (letter) {
    case 'V':
        return variant->slot;
    case 'W':
        return (variant->slot + 1) % PLACES;
    case 'D':
        return variant->size_bytes * 2;
    case 'H':
        return variant->size_bytes / 2;
    case 'L':
        return variant->size_bytes + ATTACK_FORGED_BYTES;
    case 'I': // A multiple of a header where the block has more than one.
        return variant->size_bytes < 2 * ATTACK_HEADER_BYTES
                   ? variant->size_bytes / 2
                   : variant->size_bytes / 2 / ATTACK_HEADER_BYTES * ATTACK_HEADER_BYTES;
    case 'F':
        return attack_forged_word(variant->size_bytes);
    default:
        return variant->size_bytes;
    }
}

// Adds ops, with numbers in place of the letters.
static void print_ops(FILE *file, const char *ops, const struct attack_variant *variant)
{
    for (const char *at = ops; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z') {
            (void)fprintf(file, "%zu", number_for(*at, variant));
        } else {
            (void)fputc(*at, file);
        }
    }
}

void attack_write_program(struct program *program, const struct attack_variant *variant)
{
    struct text_error error;
    struct os_writer writer = {0};
    FILE *file = os_write_bytes(&writer);
    if (file == NULL) {
        attack_end_without_memory();
    }
    print_ops(file, before, variant);
    if (variant->way != NULL) {
        print_ops(file, strcmp(variant->way, "forged") == 0 ? "pattern bV F\n" : "", variant);
        print_ops(file, misuses[variant->misuse].ops, variant);
    }
    print_ops(file, after, variant);
    char *text = os_written(&writer);
    file = text == NULL ? NULL : os_read_bytes(text, writer.size_bytes);
    if (file == NULL || !text_read(file, program, &error)) {
        attack_end_without_memory();
    }
    (void)fclose(file);
    free(text);
}
