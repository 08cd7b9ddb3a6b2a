// Buffers of a parser: a small one on the stack that may grow, a list of lines that own their
// memory, and sizes that are checked.

#include <atlcoll.h>
#include <atlcore.h>

#include <string.h>

#include "require.h"

static size_t SplitLines(const char *pszText, CHeapPtrList<char> &lines)
{
    while (*pszText != '\0') {
        size_t nLength = strcspn(pszText, "\n");
        CTempBuffer<char, 16> buffer(nLength + 1);
        memcpy(buffer, pszText, nLength);
        buffer[nLength] = '\0';
        CHeapPtr<char> line;
        if (!line.Allocate(nLength + 1))
            AtlThrow(E_OUTOFMEMORY);
        memcpy(line, buffer, nLength + 1);
        lines.AddTail(line);
        pszText += nLength;
        pszText += *pszText == '\n' ? 1 : 0;
    }
    return lines.GetCount();
}

static const char LONG_LINE[] = "a line that is longer than the buffer";

static void WalkList()
{
    CHeapPtrList<char> lines;
    REQUIRE(SplitLines("one\na line that is longer than the buffer\nthree", lines) == 3);
    POSITION pos = lines.GetHeadPosition();
    REQUIRE(strcmp(lines.GetNext(pos), "one") == 0);
    lines.GetNext(pos);
    REQUIRE(strcmp(lines.GetNext(pos), "three") == 0 && pos == NULL);
    CHeapPtr<char> first(lines.RemoveHead());
    REQUIRE(strcmp(first, "one") == 0 && lines.GetCount() == 2);
    CHeapPtr<char> again;
    again.Allocate(1);
    again[0] = '\0';
    pos = lines.InsertBefore(lines.GetTailPosition(), again);
    REQUIRE(again.m_pData == NULL && *lines.GetAt(pos) == '\0');
    REQUIRE(lines.FindIndex(1) == pos && lines.FindIndex(3) == NULL);
    CHeapPtr<char> &line = lines.GetAt(pos);
    REQUIRE(line.Reallocate(2) && *lines.GetAt(pos).m_pData == '\0');
    lines.RemoveAt(pos);
    pos = lines.GetTailPosition();
    REQUIRE(strcmp(lines.GetPrev(pos), "three") == 0 && strcmp(lines.GetPrev(pos), LONG_LINE) == 0);
    lines.RemoveTailNoReturn();
    lines.AddHead(first);
    REQUIRE(strcmp(lines.GetHead(), "one") == 0 && strcmp(lines.GetTail(), LONG_LINE) == 0);
    lines.RemoveAll();
    REQUIRE(lines.IsEmpty() && lines.GetHeadPosition() == NULL);
    pos = lines.AddTail();
    REQUIRE(lines.GetAt(pos).Allocate(1));
}

// Each step keeps the contents: within the object, out of it, in blocks, and back.
static void GrowBuffer()
{
    CTempBuffer<int, 64> buffer;
    REQUIRE(buffer == NULL);
    buffer.Allocate(4);
    for (int i = 0; i < 4; i++)
        buffer[i] = i;
    const size_t steps[] = {16, 17, 1000, 5, 4};
    for (size_t step : steps) {
        buffer.Reallocate(step);
        for (int i = 0; i < 4; i++)
            REQUIRE(buffer[i] == i);
        buffer[step - 1] = step == 4 ? 3 : -1;
    }
    try {
        buffer.Reallocate(static_cast<size_t>(-1) / 2);
        REQUIRE(!"a size that no size_t holds");
    } catch (const CAtlException &e) {
        REQUIRE(e == E_OUTOFMEMORY && buffer[3] == 3);
    }
}

int main()
{
    WalkList();
    GrowBuffer();
    size_t nBytes = 0;
    REQUIRE(SUCCEEDED(AtlMultiply(&nBytes, static_cast<size_t>(6), static_cast<size_t>(7))));
    REQUIRE(nBytes == 42);
    return 0;
}
