// heapfuzz matrix without fork: one sentence.

#include "cli/command.h"

int command_matrix(int argc, char **argv)
{
    (void)argc;
    refuse("%s: it runs programs in processes of their own, which it can't on Windows", argv[0]);
}
