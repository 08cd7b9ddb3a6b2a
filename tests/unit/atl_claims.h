// Claims of the programs in ATL's style, which need no framework. A claim that does not hold is
// printed and counted.
#ifndef TESTS_UNIT_ATL_CLAIMS_H
#define TESTS_UNIT_ATL_CLAIMS_H

/// Counts a claim that does not hold, and prints its place.
void check(bool holds, const char *claim, const char *file, int line);

#define CHECK(claim) check(claim, #claim, __FILE__, __LINE__)

/// Tests section 5's heaps and section 7's pointers: which object owns a block or a heap, and when
/// it ends it.
void check_owners();

/// Tests section 7's buffers, lists, arrays and strings, and the words that go with them.
void check_buffers();

#endif
