/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The warden's map. It starts, jails, holds and reaps; it knows no policy, no host, and opens no
 * device. All that it knows is in struct warden; every file below is one noun of it. It obeys the
 * broker in charge within the table of ipc.h, and survives whatever a broker sends: that broker
 * ends and another is started, while the workers serve on.
 *
 * One broker is in charge (current), one may be on its way in (next). A new one takes over when it
 * has said BROKER_READY and the old one is reaped, never while both live.
 */
#ifndef BROKER_WARDEN_H
#define BROKER_WARDEN_H

#include <sys/queue.h>
#include <sys/types.h>

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/spawn.h"
#include "common/ipc.h"

enum {
	WARDEN_UIDS_SYSTEM = 16,	/* at the base: 0 broker and openers, 1 listener */
	WARDEN_WORKERS_MAX = 16384,
	WARDEN_OPENERS_MAX = 1024,
	WARDEN_LISTENERS_MAX = 8,
	WARDEN_HELD_MAX = 8192,
	WARDEN_PATHS_MAX = 4096,
	WARDEN_OUT_MAX = 65536,		/* messages that a broker may leave unread */

	BROKER_LEAVE_MS = 2000,		/* from its end of file to SIGKILL */
	BROKER_READY_MS = 60000,	/* from its start to BROKER_READY */
	BROKER_SILENT_MS = 15000,	/* without ALIVE: it hangs */
	BROKER_YOUNG_MS = 10000,	/* one that dies sooner after GO makes us wait */
	BACKOFF_MIN_MS = 100,
	BACKOFF_MAX_MS = 5000,
	STOP_TWICE_MS = 1000,		/* a second signal within this time is the same one */
	STOP_KILL_MS = 2000,		/* from SIGKILL to giving up on what is left */
	WATCHDOG_MS = 2000,
};

/* ---- warden_outbox.c: what a broker has not read yet; nothing blocks, nothing is lost ---- */

struct outgoing;
STAILQ_HEAD(outbox_list, outgoing);

struct outbox {
	struct outbox_list list;
	unsigned n;
	uint64_t retry_ms;	/* too many descriptors under way: not before this time; or 0 */
	bool failed;		/* full, or no memory: the broker is to be ended */
};

void	outbox_init(struct outbox *);
void	outbox_free(struct outbox *);
/* Copies payload, duplicates fds; what goes wrong is remembered in failed. */
void	outbox_put(struct outbox *, int sock, uint32_t type, const void *payload, size_t size,
	    const int *fds, unsigned nfds);
void	outbox_flush(struct outbox *, int sock, uint64_t now_ms);

/* ---- warden_broker.c: brokers, from start to end ---- */

enum broker_phase {
	BROKER_STARTING,	/* until BROKER_READY */
	BROKER_WAITING,		/* ready, its predecessor is not gone yet */
	BROKER_IN_CHARGE,
	BROKER_LEAVING,		/* its channel is closed for reading; what it still says counts */
};

struct settings {
	uint32_t uid_base, uid_count;
	bool require;
};

struct broker {
	struct warden *warden;
	struct ipc_peer peer;
	struct outbox out;
	enum broker_phase phase;
	uint32_t number;	/* as a child */
	pid_t pid;
	struct settings settings;
	char **paths;		/* by index, NULL where none; openers are told these only */
	size_t npaths;
	struct programs programs;
	uint64_t since_ms;	/* start, then GO */
	uint64_t heard_ms;	/* ALIVE */
	uint64_t kill_ms;	/* SIGKILL then; 0: not planned */
};

#define BROKER_SEND(b, NAME, p) \
	outbox_put(&(b)->out, (b)->peer.fd, IPC_##NAME, (p), sizeof(*(p)), NULL, 0)
#define BROKER_SEND_FDS(b, NAME, p, f, n) \
	outbox_put(&(b)->out, (b)->peer.fd, IPC_##NAME, (p), sizeof(*(p)), (f), (n))

/* Starts one as warden->next, with the programs, which become its own. Returns 0, or -1 (said). */
int	broker_start(struct warden *, struct programs *);
/* Handles what has come, up to a share. */
void	broker_read(struct broker *);
void	broker_end(struct broker *, const char *why);	/* SIGKILL; the rest when it is reaped */
void	broker_reaped(struct broker *, int status);
/* The one on its way in has said BROKER_READY. */
void	broker_is_ready(struct broker *);
void	broker_timers(struct broker *, uint64_t now_ms);
/* When one of its timers is due, or UINT64_MAX. */
uint64_t broker_due(const struct broker *);

/* ---- warden_program.c: the other binaries ---- */
int	programs_open(const struct warden *, struct programs *);	/* -1: said */
void	programs_close(struct programs *);

/* ---- warden_message.c: what a broker may ask ---- */
extern const struct ipc_table *const broker_messages;

/* ---- warden_child.c: processes, their uids, their ends ---- */

struct child {
	LIST_ENTRY(child) entry;
	uint32_t number;
	uint32_t role;
	pid_t pid;		/* 0: reaped, a worker whose writes may still land */
	uint32_t uid;
	uint32_t owner;		/* opener: number of the broker that asked for it */
	int control;		/* a duplicate of the broker's end, or -1; dead: its last
				 * words, until a broker has them */
	int record;		/* who it is, sealed by a broker; or -1 */
	int status;		/* as waitpid gave it, once reaped */
};

LIST_HEAD(child_list, child);

struct child *child_add(struct warden *, uint32_t role);
struct child *child_find(struct warden *, uint32_t number);
void	child_remove(struct child *);
unsigned child_count(struct warden *, uint32_t role);
/* A uid of the range that nobody has. Returns 0, or -1: all are taken. */
int	child_take_uid(struct warden *, const struct settings *, uint32_t *uid);
void	child_kill_openers(struct warden *, uint32_t owner);
void	child_kill_all(struct warden *);
void	child_reap(struct warden *);
void	child_tell_all(struct warden *, struct broker *);

/* ---- warden_hold.c: descriptors that outlive brokers ---- */

struct held;
LIST_HEAD(held_list, held);

/* fd becomes the warden's. owner 0: in force; else the number of a broker not in charge yet. */
int	hold_add(struct warden *, uint32_t owner, const struct ipc_held *, int fd);
int	hold_drop(struct warden *, const struct ipc_held *);
void	hold_adopt(struct warden *, uint32_t owner);	/* it took over */
void	hold_forget(struct warden *, uint32_t owner);	/* it never will */
void	hold_tell_all(struct warden *, struct broker *);
void	hold_free(struct warden *);

/* ---- warden_spawn.c: from a role to a jailed process ---- */

struct powers {
	bool root;		/* uid 0: openers keep CAP_DAC_OVERRIDE */
	bool change_ids;	/* CAP_SETUID, SETGID, SETPCAP and KILL */
	bool can_chroot;
	uint32_t gid;		/* not root: device groups of broker and openers */
	uint32_t ngroups;
	uint32_t groups[IPC_MAX_GROUPS];
};

struct spawn_request {
	uint32_t role;
	const struct broker *asker;	/* its programs and settings; NULL for a broker itself */
	const struct programs *programs;
	const char *path;		/* opener; NULL: none */
};

/* Finds out what this process may do, and says once what it may not. */
void	spawn_prepare(struct warden *);
/* Starts it and tells it its first words. ends[0] becomes its control channel's other end, ends[1]
 * a worker's door, both the caller's. Returns the child, or NULL with errno. */
struct child *spawn_child(struct warden *, const struct spawn_request *, int ends[2]);

/* ---- warden_notify.c: what the service manager is told ---- */
void	notify_ready(void);
void	notify_reloading(void);
void	notify_stopping(void);
void	notify_status(const char *text);
void	notify_watchdog(void);

/* ---- warden_sockets.c (warden_nosockets.c without libsystemd) ---- */
/* Sockets that the service manager passed become held. Returns 0, or -1 (said). */
int	sockets_hold(struct warden *);

/* ---- all of it ---- */

struct warden {
	int argc;
	char **argv;
	bool verbose;
	char dir[1024];		/* where our own binary lies */
	struct powers powers;
	struct confinement confinement;
	struct settings settings;
	struct broker *current, *next;
	struct child_list children;
	struct held_list held;
	uint32_t last_child;
	uint32_t last_uid;
	unsigned nheld;
	bool went;		/* GO was said at least once */
	bool stopping;
	uint64_t stop_ms;	/* since when */
	bool reload;		/* asked for while another broker was on its way in */
	struct programs programs;	/* of a broker that died, for the one that follows it */
	uint64_t restart_ms;	/* when to start a broker, 0: no need */
	uint64_t backoff_ms;
	uint64_t watchdog_ms;
	uint64_t awake_ms;	/* last turn of the loop */
	uint64_t killed_ms;	/* all children were killed at that time */
	int status;		/* exit status */
	int parent;		/* pipe to whom we were started by, or -1 */
	int dead_end;		/* a channel's end whose other end is closed */
};

/* ---- warden_loop.c: signals, timers, brokers, and what follows ---- */
void	warden_catch_signals(sigset_t *while_waiting);
void	warden_loop(struct warden *, const sigset_t *while_waiting);
uint64_t warden_now_ms(void);
/* To the process that waits for us to be up, once. */
void	warden_tell_parent(struct warden *, int status);
/* A broker is in charge: tells the world. */
void	warden_went(struct warden *);
/* A broker ended without a successor: another one now, or later if they end quickly. */
void	warden_restart(struct warden *, bool quickly);
/* The broker that should have taken over did not; the old one stays. */
void	warden_stays(struct warden *);
/* Kills what is left and ends with that exit status. */
void	warden_finish(struct warden *, int status);

#endif
