// heapfuzz fuzz where there is no libFuzzer and nothing forks: one sentence.

#include "cli/command.h"

int command_fuzz(int argc, char **argv)
{
    (void)argc;
    refuse("%s: there is no libFuzzer for Windows here; what was found elsewhere can be replayed",
           argv[0]);
}
