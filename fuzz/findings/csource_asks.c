// Calls that only ask, as C: for a size, for an owner, for an interface.

#include "findings/csource_parts.h"

#include <stdio.h>

#include "language/size.h"

#define say csource_say

void csource_ask_size(struct csource *source, const struct csource_group *group,
                      const struct csource_names *names)
{
    char line[160];
    enum law law = group->slot.is_live ? LAW_EXACT_SIZE : LAW_NULL_SIZE;
    const char *block = group->slot.is_live ? names->block : "NULL";
    const char *expected = !source->has_world ? "0" : "SIZE_MAX";
    csource_call(source, group->verb, KIND_SIZE, block, "", line);
    if (!csource_checks(source, law)) {
        say(source, "(void)%s;", line);
        return;
    }
    csource_need(source, PART_EXPECT);
    say(source, "expect(%s %s %s, \"%s\",", line,
        law == LAW_EXACT_SIZE && !source->has_world ? ">=" : "==",
        law == LAW_EXACT_SIZE ? names->size : expected, law_name(law));
    say(source, "       \"GetSize is not %s\");",
        law == LAW_EXACT_SIZE ? "the size last granted" : "what is documented for NULL");
}

void csource_ask_address(struct csource *source, const char *address)
{
    csource_need(source, PART_TASK);
    if (csource_checks(source, LAW_MEMBER)) {
        csource_need(source, PART_MEMBER);
        say(source, "expect_member(%s);", address);
    } else {
        say(source, "(void)IMalloc_DidAlloc(task, %s);", address);
    }
}

void csource_ask_owner(struct csource *source, const struct csource_group *group,
                       const struct csource_names *names)
{
    char address[160];
    if (group->verb == VERB_OWNS) {
        (void)snprintf(address, sizeof address, "(void *)((uintptr_t)last_%s + %s)", names->block,
                       group->size);
    } else {
        (void)snprintf(address, sizeof address, "(void *)(uintptr_t)(%s)", group->size);
    }
    csource_ask_address(source, address);
}

static size_t no_size(const void *unused, uint32_t slot)
{
    (void)unused, (void)slot;
    return 0;
}

void csource_ask_com(struct csource *source, struct op op)
{
    static const char *const wanted[] = {"&IID_IUnknown, true", "&IID_IMalloc, true",
                                         "&(IID){.Data1 = 0x12345678}, false"};
    if (!csource_checks(source, LAW_COM)) {
        return;
    }
    if (op.verb == VERB_GET_MALLOC) {
        csource_need(source, PART_MALLOC);
        csource_say(source, "expect_get_malloc(%uU);",
                    (unsigned)size_resolve(op.size_code, 0, no_size, NULL));
    } else {
        csource_need(source, PART_QUERY);
        csource_say(source, "expect_query(%s);", wanted[op.slot % 3]);
    }
}
