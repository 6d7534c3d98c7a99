/* Answers CPUID as a processor without AVX-512 and VNNI would, for a library whose CPUID instructions were replaced by UD2. With
   KEEP_AVX_VNNI in the environment, AVX-VNNI remains. Loaded with LD_PRELOAD by bench-peers; x86-64 Linux. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static unsigned hidden_extensions = 1u << 4 | 1u << 5 | 1u << 23;

static void answer(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    static const unsigned char ud2[2] = {0x0f, 0x0b};
    if (memcmp((const void *)registers[REG_RIP], ud2, 2) != 0) {
        signal(number, SIG_DFL);
        return;
    }
    unsigned a, b, c, d, leaf = (unsigned)registers[REG_RAX], part = (unsigned)registers[REG_RCX];
    __cpuid_count(leaf, part, a, b, c, d);
    if (leaf == 7 && part == 0) {
        /* F, DQ, IFMA, PF, ER, CD, BW, VL; VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ; 4VNNIW, 4FMAPS, VP2INTERSECT, FP16, AMX */
        b &= ~(1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31);
        c &= ~(1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14);
        d &= ~(1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25);
    } else if (leaf == 7 && part == 1) {
        /* AVX-VNNI, AVX512-BF16, AVX-IFMA; AVX-VNNI-INT8, AVX-VNNI-INT16, AVX10 */
        a &= ~hidden_extensions;
        d &= ~(1u << 4 | 1u << 10 | 1u << 19);
    }
    registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void install(void) {
    if (getenv("KEEP_AVX_VNNI"))
        hidden_extensions &= ~(1u << 4);
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, 0);
}
