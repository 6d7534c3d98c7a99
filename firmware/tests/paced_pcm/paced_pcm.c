/* A sound card for tests on machines without one: an ALSA ioplug plugin that plays a raw file to the capturing program
 * in real time, overruns like hardware when nobody fetches the sound, and goes on where the clock is.
 * In asound.conf:  pcm_type.paced { lib "/absolute/libpaced.so" }
 *                  pcm.NAME { type paced infile "/absolute/sound.raw" format "S16_LE" rate 48000 channels 1 }
 * Behind the end of the file there is silence. Not for production: it does not pause, suspend or play back. */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <sys/timerfd.h>

typedef struct {
	snd_pcm_ioplug_t io;
	FILE *file;
	struct timespec first, started; /* the first start ever, the last one */
	int begun;
} paced_t;

static long long frames_since(const struct timespec *then, const snd_pcm_ioplug_t *io)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((now.tv_sec - then->tv_sec) * 1000000000LL + now.tv_nsec - then->tv_nsec) * io->rate / 1000000000LL;
}

static int paced_start(snd_pcm_ioplug_t *io)
{
	paced_t *p = io->private_data;
	long ns = io->period_size * 1000000000LL / io->rate;
	struct itimerspec every = { { ns / 1000000000, ns % 1000000000 }, { ns / 1000000000, ns % 1000000000 } };
	clock_gettime(CLOCK_MONOTONIC, &p->started);
	if (!p->begun++)
		p->first = p->started;
	return timerfd_settime(io->poll_fd, 0, &every, NULL) ? -errno : 0;
}

static int paced_stop(snd_pcm_ioplug_t *io)
{
	struct itimerspec never = { { 0, 0 }, { 0, 0 } };
	return timerfd_settime(io->poll_fd, 0, &never, NULL) ? -errno : 0;
}

static snd_pcm_sframes_t paced_pointer(snd_pcm_ioplug_t *io)
{
	paced_t *p = io->private_data;
	long long recorded = frames_since(&p->started, io);
	if (recorded - (long long)io->appl_ptr > (long long)io->buffer_size)
		return -EPIPE;
	return recorded % io->buffer_size;
}

static snd_pcm_sframes_t paced_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
					snd_pcm_uframes_t offset, snd_pcm_uframes_t size)
{
	paced_t *p = io->private_data;
	size_t frame = snd_pcm_format_physical_width(io->format) / 8 * io->channels, got;
	char *to = (char *)areas->addr + areas->first / 8 + areas->step / 8 * offset;
	long long begin = (p->started.tv_sec - p->first.tv_sec) * 1000000000LL + p->started.tv_nsec - p->first.tv_nsec;
	begin = begin * io->rate / 1000000000LL + io->appl_ptr;
	got = fseeko(p->file, begin * frame, SEEK_SET) ? 0 : fread(to, 1, size * frame, p->file);
	memset(to + got, 0, size * frame - got);
	return size;
}

static int paced_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned int n, unsigned short *revents)
{
	unsigned long long expired;
	*revents = n && (fds->revents & POLLIN) && read(io->poll_fd, &expired, sizeof expired) > 0 ? POLLIN : 0;
	return 0;
}

static int paced_close(snd_pcm_ioplug_t *io)
{
	paced_t *p = io->private_data;
	fclose(p->file);
	close(io->poll_fd);
	free(p);
	return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = { .start = paced_start, .stop = paced_stop, .pointer = paced_pointer,
	.transfer = paced_transfer, .poll_revents = paced_revents, .close = paced_close };

SND_PCM_PLUGIN_DEFINE_FUNC(paced)
{
	const char *infile = NULL, *format = "S16_LE";
	long rate = 48000, channels = 1;
	snd_config_iterator_t i, next;
	snd_config_for_each(i, next, conf) {
		snd_config_t *n = snd_config_iterator_entry(i);
		const char *id;
		if (snd_config_get_id(n, &id) < 0)
			continue;
		if (!strcmp(id, "infile"))
			snd_config_get_string(n, &infile);
		else if (!strcmp(id, "format"))
			snd_config_get_string(n, &format);
		else if (!strcmp(id, "rate"))
			snd_config_get_integer(n, &rate);
		else if (!strcmp(id, "channels"))
			snd_config_get_integer(n, &channels);
	}
	paced_t *p = calloc(1, sizeof *p);
	if (!p || !infile || !(p->file = fopen(infile, "rb"))) {
		SNDERR("no infile");
		free(p);
		return -ENOENT;
	}
	p->io.version = SND_PCM_IOPLUG_VERSION;
	p->io.name = "paced raw file";
	p->io.flags = SND_PCM_IOPLUG_FLAG_MONOTONIC;
	p->io.poll_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	p->io.poll_events = POLLIN;
	p->io.callback = &callbacks;
	p->io.private_data = p;
	int err = snd_pcm_ioplug_create(&p->io, name, stream, mode);
	if (err < 0)
		return err;
	unsigned int access[] = { SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED };
	unsigned int formats[] = { snd_pcm_format_value(format) };
	snd_pcm_ioplug_set_param_list(&p->io, SND_PCM_IOPLUG_HW_ACCESS, 2, access);
	snd_pcm_ioplug_set_param_list(&p->io, SND_PCM_IOPLUG_HW_FORMAT, 1, formats);
	snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_RATE, rate, rate);
	snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_CHANNELS, channels, channels);
	snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_PERIODS, 2, 1024);
	*pcmp = p->io.pcm;
	return 0;
}
SND_PCM_PLUGIN_SYMBOL(paced);
