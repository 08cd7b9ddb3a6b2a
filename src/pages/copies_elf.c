// Copies of the library, where files are ELF: their notes, and the loader's list of files.
//
//     .note.comheap    8, 4, NUMBER, "comheap", distance from here to ch_copy_offer
//
// A note needs no name that the loader knows. So it is found in a plugin that hides all names, and
// in one that was loaded with RTLD_LOCAL. Its distance is fixed by the linker, so it may be read
// before the loader has relocated the file.
//
// The list is in the order of loading. The files before this one are ready, but those behind it may
// still be loading. So the search ends at this copy, and every copy finds the same first one.
//
// A file that can be unloaded is never the first one, since its code and its heap would go. The
// program can't be. It leads the list, and names the loader; a plugin leads that of its own
// namespace. A static program names none, and finds itself.
#define _GNU_SOURCE // For dl_iterate_phdr.

#include "pages/copies.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NOTE_NAME "comheap"
#define NOTE_NUMBER 1 // Of the layout of ch_copy_offer.

const char ch_copies_remedy[] = "link them with -z nodelete";

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

__asm__(".pushsection .note.comheap,\"a\",%note\n"
        ".balign 4\n"
        ".4byte 8, 4, " TEXT(NOTE_NUMBER) "\n"
                                          ".asciz \"" NOTE_NAME "\"\n"
                                          "1: .4byte ch_copy_offer - 1b\n"
                                          ".popsection\n");

typedef ElfW(Phdr) segment;
typedef ElfW(Dyn) dynamic;

struct search {
    struct ch_copies found;
    bool is_past_first;
};

struct note {
    ElfW(Nhdr) header;
    char name[sizeof NOTE_NAME];
    int32_t distance;
};

static const char *address_of(const struct dl_phdr_info *file, const segment *part)
{
    return (const char *)(uintptr_t)(file->dlpi_addr + part->p_vaddr);
}

// Returns the first segment of a type, or NULL.
static const segment *part_of(const struct dl_phdr_info *file, uint32_t type)
{
    for (unsigned i = 0; i < file->dlpi_phnum; i++) {
        if (file->dlpi_phdr[i].p_type == type) {
            return &file->dlpi_phdr[i];
        }
    }
    return NULL;
}

// Returns whether the file stays until the process ends, as the linker's -z nodelete has it.
static bool is_kept(const struct dl_phdr_info *file)
{
    const segment *part = part_of(file, PT_DYNAMIC);
    if (part == NULL) {
        return false;
    }
    const dynamic *entry = (const void *)address_of(file, part);
    while (entry->d_tag != DT_NULL && entry->d_tag != DT_FLAGS_1) {
        entry++;
    }
    return entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_NODELETE) != 0;
}

// Returns whether a segment can be read, and aligned words of it. A file may describe notes that
// its loaded segments do not have.
static bool is_readable(const struct dl_phdr_info *file, const segment *part)
{
    for (unsigned i = 0; i < file->dlpi_phnum; i++) {
        const segment *loaded = &file->dlpi_phdr[i];
        if (loaded->p_type == PT_LOAD && (loaded->p_flags & PF_R) != 0 &&
            part->p_vaddr >= loaded->p_vaddr && part->p_memsz <= loaded->p_memsz &&
            part->p_vaddr - loaded->p_vaddr <= loaded->p_memsz - part->p_memsz) {
            return (uintptr_t)address_of(file, part) % sizeof(ElfW(Word)) == 0;
        }
    }
    return false;
}

static size_t padded(size_t size_bytes, size_t align)
{
    return (size_bytes + align - 1) & ~(align - 1);
}

// Returns our note among those of a segment, or NULL.
static const struct note *note_in(const char *at, size_t left_bytes, size_t align)
{
    while (left_bytes >= sizeof(struct note)) {
        const struct note *note = (const void *)at;
        size_t name_bytes = note->header.n_namesz;
        size_t offer_bytes = note->header.n_descsz;
        if (name_bytes == sizeof NOTE_NAME && memcmp(note->name, NOTE_NAME, name_bytes) == 0) {
            return note;
        }
        if (name_bytes > left_bytes || offer_bytes > left_bytes) {
            break;
        }
        size_t name_end = padded(sizeof note->header + name_bytes, align);
        size_t length = padded(name_end + offer_bytes, align);
        if (length > left_bytes) {
            break;
        }
        at += length;
        left_bytes -= length;
    }
    return NULL;
}

// Returns the note of a file that contains a copy, or NULL.
static const struct note *note_of(const struct dl_phdr_info *file)
{
    for (unsigned i = 0; i < file->dlpi_phnum; i++) {
        const segment *part = &file->dlpi_phdr[i];
        if (part->p_type != PT_NOTE || !is_readable(file, part)) {
            continue;
        }
        const struct note *note =
            note_in(address_of(file, part), part->p_memsz, part->p_align == 8 ? 8 : 4);
        if (note != NULL) {
            return note;
        }
    }
    return NULL;
}

// Returns nonzero, and so ends the search, at the first copy or at this one.
static int visit(struct dl_phdr_info *file, size_t size_bytes, void *context)
{
    (void)size_bytes;
    struct search *search = context;
    bool is_program = !search->is_past_first && part_of(file, PT_INTERP) != NULL;
    search->is_past_first = true;
    const struct note *note = note_of(file);
    if (note == NULL) {
        return 0;
    }
    const void *offer = (const char *)&note->distance + note->distance;
    if (offer == &ch_copy_offer) {
        return 1;
    }
    if (note->header.n_type == NOTE_NUMBER && (is_program || is_kept(file))) {
        search->found = (struct ch_copies){.first = offer};
        return 1;
    }
    search->found.is_second = true;
    return 0;
}

struct ch_copies ch_copies_find(void)
{
    struct search search = {.is_past_first = false};
    (void)dl_iterate_phdr(visit, &search);
    return search.found;
}
