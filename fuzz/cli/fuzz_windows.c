// heapfuzz fuzz without libFuzzer and fork: one sentence.

#include "cli/command.h"

int command_fuzz(int argc, char **argv)
{
    (void)argc;
    refuse("%s: there is no libFuzzer for Windows here; replay runs findings of other systems",
           argv[0]);
}
