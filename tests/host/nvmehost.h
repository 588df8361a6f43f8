/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program nvmehost: its settings, its commands, its way of speaking. The library is host.h.
 */
#ifndef TESTS_HOST_NVMEHOST_H
#define TESTS_HOST_NVMEHOST_H

#include "tests/host/host.h"

/* Exit statuses. */
enum { EXIT_OK = 0, EXIT_FAULT = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3 };

/* Everything that an option can set. */
struct settings {
	struct host_opts host;
	uint64_t	 queues, depth, kato_ms, hpda, maxr2t, timeout_ms;	/* for host */
	uint64_t	 nsid, lba, bytes, offset, lsp;
	uint64_t	 min, max, seed, seconds, write_percent;
	uint64_t	 io, cns, count, parallel;
	bool		 json, greet, fua, cache_off, deac, no_write, slow;
	const char	*hostid, *file, *name;
	bool		 list;			/* conform */
	const char	*group;
	const char	*marks;			/* durable */
	char		**arg;			/* after the command's name */
	int		 narg;
};

/* What a command needs before it runs; each level includes those before it. */
enum level { LEVEL_NONE, LEVEL_CTRL, LEVEL_IO };

struct command {
	const char	*name, *args, *help;
	enum level	 level;
	int		 min_args, max_args;
	int		(*run)(struct settings *, struct host_ctrl *);
};

/* Each returns an exit status. */
int	cmd_discover(struct settings *, struct host_ctrl *);	/* cmd_discover.c */
int	cmd_watch(struct settings *, struct host_ctrl *);
int	cmd_id_ctrl(struct settings *, struct host_ctrl *);	/* cmd_identify.c */
int	cmd_id_ns(struct settings *, struct host_ctrl *);
int	cmd_list_ns(struct settings *, struct host_ctrl *);
int	cmd_log(struct settings *, struct host_ctrl *);
int	cmd_get_feature(struct settings *, struct host_ctrl *);
int	cmd_read(struct settings *, struct host_ctrl *);	/* cmd_rw.c */
int	cmd_write(struct settings *, struct host_ctrl *);
int	cmd_flush(struct settings *, struct host_ctrl *);
int	cmd_zero(struct settings *, struct host_ctrl *);
int	cmd_deallocate(struct settings *, struct host_ctrl *);
int	cmd_compare(struct settings *, struct host_ctrl *);	/* cmd_media.c */
int	cmd_copy(struct settings *, struct host_ctrl *);
int	cmd_nvm_verify(struct settings *, struct host_ctrl *);
int	cmd_verify(struct settings *, struct host_ctrl *);	/* cmd_verify.c */
int	cmd_stress(struct settings *, struct host_ctrl *);	/* cmd_stress.c */
int	cmd_abort(struct settings *, struct host_ctrl *);	/* cmd_abort.c */
int	cmd_protect(struct settings *, struct host_ctrl *);	/* cmd_protect.c */
int	cmd_resv(struct settings *, struct host_ctrl *);	/* cmd_resv.c */
int	cmd_durable(struct settings *, struct host_ctrl *);	/* cmd_durable.c */
int	cmd_hold(struct settings *, struct host_ctrl *);	/* cmd_hold.c */
int	cmd_ana_log(struct settings *, struct host_ctrl *);	/* cmd_events.c */
int	cmd_events(struct settings *, struct host_ctrl *);
int	cmd_crowd(struct settings *, struct host_ctrl *);	/* cmd_crowd.c */
int	cmd_handover(struct settings *, struct host_ctrl *);	/* cmd_handover.c */
int	cmd_race(struct settings *, struct host_ctrl *);	/* cmd_race.c */
int	cmd_raw(struct settings *, struct host_ctrl *);		/* cmd_raw.c */
int	cmd_misbehave(struct settings *, struct host_ctrl *);	/* misbehave.c */
int	cmd_conform(struct settings *, struct host_ctrl *);	/* conform.c */
int	cmd_supported(struct settings *, struct host_ctrl *);	/* cmd_supported.c */

/* mark.c: marks between what is recorded of a medium. Actions return 0 or -1. */
struct marks { int fd; const char *device; };

int	mark_open(struct marks *, const char *path);
int	mark_say(const struct marks *, const char *, ...) __attribute__((format(printf, 2, 3)));
void	mark_close(struct marks *);
int	mark_dm_open(void);				/* mark_dm.c, mark_nodm.c */
int	mark_dm_say(int fd, const char *device, const char *text);

/* say.c: one clear line on stderr, and the exit status that goes with it. */
int	say_usage(const char *, ...) __attribute__((format(printf, 1, 2)));
int	say_error(const struct host_error *, const struct host_refusal *);
int	say_queue_error(const struct host_queue *);
void	dump_hex(const uint8_t *, size_t);
uint64_t parse_number(const char *, bool *ok);
uint64_t random_next(uint64_t *state);

#endif
