// Visibility and names of the library's functions.
//
// A shared library exports the functions marked CH_API and nothing else. On Windows the names of
// COM belong to the system. There our functions, which use another heap, have the prefix ch_.
#ifndef COMHEAP_API_H
#define COMHEAP_API_H

#if defined(CH_SHOWS_NOTHING) // For a library that contains this one.
#define CH_API
#elif !defined(_WIN32)
#define CH_API __attribute__((visibility("default")))
#elif defined(CH_BUILDS_DLL)
#define CH_API __declspec(dllexport)
#elif defined(CH_USES_DLL)
#define CH_API __declspec(dllimport)
#else
#define CH_API
#endif

/// Names our version of a function of COM.
#ifdef _WIN32
#define CH_COM(name) ch_##name
#else
#define CH_COM(name) name
#endif

// Expressions of the headers for which C++ has a form of its own: Clang warns of C's.
#ifdef __cplusplus
#define CH_CAST(type, value) (static_cast<type>(value))
#else
#define CH_CAST(type, value) ((type)(value))
#endif
#if defined(__cplusplus) && __cplusplus >= 201103L
#define CH_NULL nullptr
#else
#define CH_NULL NULL
#endif

// The guards and tags of Windows are names that C reserves, of which Clang warns. They are declared
// between these.
#ifdef __clang__
#define CH_RESERVED_NAMES_BEGIN                                                                    \
    _Pragma("clang diagnostic push")                                                               \
        _Pragma("clang diagnostic ignored \"-Wunknown-warning-option\"")                           \
            _Pragma("clang diagnostic ignored \"-Wreserved-identifier\"")                          \
                _Pragma("clang diagnostic ignored \"-Wreserved-macro-identifier\"")
#define CH_RESERVED_NAMES_END _Pragma("clang diagnostic pop")
#else
#define CH_RESERVED_NAMES_BEGIN
#define CH_RESERVED_NAMES_END
#endif

// Define CH_TAKES_COM_NAMES before including a header, and the names of COM in the code behind it
// mean ours on Windows, too.

#endif
