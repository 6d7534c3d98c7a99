/* Ends the program by SIGKILL at its KILL_AT-th call, from 1, that changes a file below the folder KILL_BELOW: as a power
 * cut would in the middle of a write, of which half is done then. Preloaded by the tests of the faults. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int below(const char *path)
{
	const char *folder = getenv("KILL_BELOW");
	return folder && path && !strncmp(path, folder, strlen(folder));
}

static int below_fd(int fd)
{
	char link[64], path[PATH_MAX];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, path, sizeof path - 1);
	if (len < 0)
		return 0;
	path[len] = 0;
	return below(path);
}

/* Whether this is the call. */
static int now(void)
{
	static atomic_int calls;
	const char *at = getenv("KILL_AT");
	return at && atomic_fetch_add(&calls, 1) + 1 == atoi(at);
}

static void end(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

int open64(const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = va_arg(rest, mode_t);
	va_end(rest);
	if ((flags & O_ACCMODE) != O_RDONLY && below(path) && now())
		end();
	return REAL(open64)(path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
	if (below_fd(fd) && now()) {
		REAL(write)(fd, bytes, count / 2);
		end();
	}
	return REAL(write)(fd, bytes, count);
}

int fsync(int fd)
{
	if (below_fd(fd) && now())
		end();
	return REAL(fsync)(fd);
}

int rename(const char *from, const char *to)
{
	if (below(to) && now())
		end();
	return REAL(rename)(from, to);
}

int unlink(const char *path)
{
	if (below(path) && now())
		end();
	return REAL(unlink)(path);
}
