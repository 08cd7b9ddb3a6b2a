// A program that crashes: the runner of the tests has to notice.

#include <stddef.h>

int main(void)
{
    volatile unsigned char *volatile nowhere = NULL;
    (void)*nowhere;
    return 0;
}
