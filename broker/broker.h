/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map of the broker: the process that decides who gets what. It parses nothing that a host
 * sent; what other processes say are fixed structs, and every field of them is checked again here.
 * It is one configuration: another configuration is another broker. Prototypes are grouped by the
 * file that has them.
 *
 * Lifetimes: backends and listening sockets live as long as the broker. A session lives from its
 * process' start until that process is reaped and its writes have drained; an opener's job until
 * the opener is reaped. All of it happens on one thread, in handlers that never block.
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

#include "broker/admit.h"
#include "broker/ana.h"
#include "broker/cache.h"
#include "broker/configuration.h"
#include "broker/discovery.h"
#include "broker/held.h"
#include "broker/loop.h"
#include "common/ipc.h"
#include "common/log.h"

enum {
	START_CLAIMS_MS = 2000,		/* a start waits so long for devices, then goes on */
	OPEN_DEADLINE_MS = 10000,
	RETRY_MS = 5000,		/* a waiting namespace is tried again */
	DRAIN_REPORT_MS = 30000,	/* how often a drain that hangs is said to hang */
	OPENERS_MAX = 32,		/* running at a time, those that hang not counted */
	OPENERS_OF_BACKEND = 8,		/* ... those that hang counted */
	WORKER_START_MS = 10000,	/* from spawn to WORKER_READY */
	GRACE_MS = 2000,		/* beyond a deadline that a worker keeps itself */
	FEED_MS = 5,			/* until a worker has read some of what it was sent */
	PING_TICK_MS = 5000,		/* how often it is looked who is to be asked */
	PING_IDLE_MS = 60000,		/* a worker that has nothing to do is left alone so long */
	RANGE_TICK_MS = 1000,		/* how often it is looked who holds others up */
	PONG_MS = 30000,		/* one that does not answer for so long hangs */
	ALIVE_MS = 2000,
	RESPAWN_MS = 200,		/* after a spawn failed or a spare died early */
	RESPAWN_MAX_MS = 5000,		/* doubling up to this */
	RESERVE_NOTICES = 64,		/* kept for a worker; the newest count */
	RESERVE_BURST = 16,		/* that it is told at once */
	RESERVE_PER_S = 8,		/* ... and then: its channel is never full of them */
	CTL_CLIENTS = 16,
	CTL_WAIT_MS = 300,		/* for workers' counters */
};

#define NO_PATH UINT32_MAX

struct admission;
struct ana_change;
struct broker;
struct drain;
struct fence;
struct fence_wait;
struct live;
struct opener_job;
struct range_book;
struct range_member;
struct reserve;
struct session;

_Static_assert(CONFIG_SOCKET_SIZE == CTL_LISTENER_SIZE, "names of listeners");

enum broker_phase { BROKER_STARTING, BROKER_CLAIMING, BROKER_CONFINED, BROKER_IN_CHARGE,
	BROKER_LEAVING };

/* Also what cellblockctl shows. */
enum ns_state { NS_WAITING, NS_ONLINE, NS_STATE_MAX };

/* A device, file or RAM disk of the configuration. */
struct backend {
	struct broker *broker;
	const struct config_subsystem *subsystem;
	const struct config_namespace *ns;
	uint8_t key[HELD_KEY_SIZE];	/* of the claim or RAM disk */
	uint32_t path_index;		/* at the warden; NO_PATH: a RAM disk */
	enum ns_state state;
	struct held *held;		/* the claim or RAM disk, or NULL */
	struct ipc_claimed info;
	bool direct;			/* past the page cache */
	bool cache_said;		/* ... and that this cannot be */
	struct opener_job *claiming;
	unsigned openers;		/* running, those that hang among them */
	struct timer *retry;
	bool doubtful;			/* what is held cannot be opened again: claim it anew */
	struct ipc_open_failed last;	/* so that the same failure is said once */
	struct reserve *reserve;	/* NULL: no reservation was ever asked for */
	bool damaged;			/* what is kept of its reservations cannot be believed */
};

/* The listener process. */
struct listener_link {
	struct channel ch;
	uint32_t child;			/* 0: none */
	uint32_t ticket;		/* of a spawn that was asked for, or 0 */
	int inherited_fd;		/* its channel until GO, then -1 */
	struct timer *respawn;
};

enum session_phase {
	SESSION_STARTING,	/* asked to be, not ready yet */
	SESSION_SPARE,		/* its door is at the listener */
	SESSION_GREETING,	/* has a connection */
	SESSION_ADMITTING,	/* said an admin Connect, waits for its namespaces */
	SESSION_ASKING,		/* said an I/O Connect, waits for the controller */
	SESSION_GIVING,		/* its queue was accepted, it hands it over */
	SESSION_CONTROLLER,
	SESSION_OVER,		/* on its way out: refused, handed over, or killed */
	SESSION_PHASE_MAX
};

/* A worker process, as the broker sees it. */
struct session {
	RB_ENTRY(session) entry;
	struct broker *broker;
	uint32_t child, pid, uid;
	struct channel ch;
	int door;			/* until it is the listener's */
	enum session_phase phase;
	bool counted;			/* the listener counts a greeting for it */
	bool killed;
	bool inherited;			/* started for an older broker */
	int inherited_fd;		/* its channel until GO, then -1 */
	uint32_t inherited_state;
	bool gone_early;		/* ended before GO; status says how */
	int status;
	bool leaving;			/* was told to */
	struct live *live;		/* what is being changed of it, or NULL */
	bool gone;			/* reaped; here until its writes have drained */
	enum greet_outcome outcome;	/* of its greeting, when it ends */
	struct ipc_addr peer, local;	/* family 0: the listener has not said */
	uint32_t listener;		/* index into listening; UINT32_MAX: unknown */
	struct timer *deadline;
	uint64_t greeted_ms;		/* when the connection came */
	struct ipc_connect connect;	/* what it asked for */
	struct admission *admission;
	struct ipc_record *record;	/* controllers: also the warden's */
	struct ipc_state state;		/* as it said last */
	uint64_t heard_ms;		/* when it said anything last */
	uint64_t owes_ms;		/* since when it owes an answer; 0: it does not */
	uint32_t ping;			/* the number of the last one */
	bool busy;			/* its counters had moved when it told them last */
	bool asked;			/* whether it lives, and has not answered yet */
	uint32_t token;			/* greeter of an I/O queue: its request, or 0 */
	unsigned drains;		/* still going on */
	struct {			/* what it asks about reservations */
		struct ipc_resv m;
		bool asked;		/* m waits for its answer */
		uint32_t answered;	/* the token of the last one */
		struct reserve *on;	/* waits there for its turn; or NULL */
		struct ipc_resv_notice notice[RESERVE_NOTICES];	/* not told yet, oldest first */
		unsigned n;
		unsigned credit;	/* how many it may be told now */
		uint64_t credit_ms;	/* when there was more last */
		struct timer *feed;	/* until there is more; NULL: none was needed yet */
		TAILQ_ENTRY(session) entry;
	} reserve;
	TAILQ_HEAD(, fence_wait) fences;	/* changes that it has not answered, in order */
	struct timer *fence_feed;	/* NULL: none was needed yet */
	struct range_member *range;	/* a controller that may write; or NULL */
	struct log_rate rate;
};

RB_HEAD(session_tree, session);

struct broker {
	struct config *config;
	bool serve;			/* from arguments, not from a file */
	bool fresh;			/* nothing was held: the service has just been started */
	uid_t owner;			/* who started it */
	enum broker_phase phase;
	struct ipc_jail jail;
	int root;
	struct channel warden;
	struct held_list held;
	struct backend *backends;
	size_t nbackends;
	uint32_t npaths;		/* told to the warden */
	uint32_t state_path;		/* of the state directory; NO_PATH: there is none */
	int state_dir;			/* while it starts; else -1 */
	struct listening *listening;
	size_t nlistening;
	struct listener_link listener;
	struct session_tree sessions;
	unsigned spawning;		/* workers that were asked for */
	struct timer *spares_again;
	uint64_t spare_pause_ms;	/* grows while none can be started */
	TAILQ_HEAD(opener_jobs, opener_job) jobs;	/* by turn */
	uint64_t opener_turn;		/* of the one that was started last */
	unsigned openers;		/* running; drains and those that hang not counted */
	TAILQ_HEAD(, drain) drains;
	uint32_t last_ticket;
	uint64_t last_fence;
	struct timer *alive, *start, *pings, *shutdown;
	uint64_t pinged_ms;		/* when it was looked last who is to be asked */
	struct range_book *ranges;	/* who has one for itself; and when that was looked at last */
	struct timer *range_timer;
	uint64_t range_ms;		/* 0: it is not running */
	unsigned closers;		/* of live.c: locks that are being looked at */
	struct timer *live_again;	/* NULL: none was needed yet */
	unsigned ctl_clients;
	int control;			/* cellblockctl's socket, or -1 */
	struct ana *ana;		/* from GO on */
	TAILQ_HEAD(, ana_change) ana_changes;
	bool layers_said;
	uint32_t engine_said, why_said;	/* of the workers, when last said */
	bool drained;			/* said to the warden */
};

/* ---- broker.c ---- */
void	broker_fatal(const char *fmt, ...) LOG_PRINTF(1, 2) __attribute__((noreturn));

/* ---- start.c: up to BROKER_READY ---- */
void	start_run(struct broker *);
void	start_held_end(struct broker *);
void	start_claims_done(struct broker *);	/* when the last claim was answered */

/* ---- takeover.c: being in charge ---- */
void	takeover_child(struct broker *, const struct ipc_child *, int fd);	/* takes fd */
void	takeover_record(struct broker *, const struct ipc_child *, int fd);
void	takeover_go(struct broker *);

/* ---- warden.c: the channel to the warden. A warden that is not there any more is the end. ---- */
void	warden_open(struct broker *);
void	warden_settings(struct broker *);
void	warden_path(struct broker *, uint32_t index, const char *path);
void	warden_hold(struct broker *, const struct held *);
void	warden_drop(struct broker *, const struct held *);
/* Returns the ticket that comes back in SPAWNED, never 0. */
uint32_t warden_spawn(struct broker *, enum role, uint32_t path);
void	warden_kill(struct broker *, uint32_t child);
void	warden_record(struct broker *, uint32_t child, int fd);
void	warden_release(struct broker *, uint32_t child);
void	warden_ready(struct broker *);
void	warden_alive(struct broker *, const char *text);
void	warden_drained(struct broker *);

/* ---- listen.c: listening sockets ---- */
int	listen_open_all(struct broker *);
int	listen_control(struct broker *);	/* cellblockctl's; returns it, or -1 for none */
/* Which one a connection to this address came through; UINT32_MAX: none that is known. */
uint32_t listen_index(const struct broker *, const struct ipc_addr *local);

/* ---- backend.c ---- */
void	backends_init(struct broker *);
void	backends_start(struct broker *);	/* after everything held was told */
bool	backends_pending(const struct broker *);
struct backend *backend_find(struct broker *, const struct config_subsystem *, uint32_t nsid);
struct backend *backend_by_key(struct broker *, const uint8_t key[HELD_KEY_SIZE]);
void	held_sweep(struct broker *);	/* drops what nobody needs any more */
bool	backend_is_readonly(const struct backend *, const struct config_host *);
/* Asks how large it is now; it may have been resized. */
void	backend_measure(struct backend *);
/* An opener failed on it: it waits, and is tried again. */
void	backend_stalled(struct backend *, const struct ipc_open_failed *);

/* ---- opener_job.c: one operation of an opener, with a deadline ---- */
struct opener_result {
	bool ok;
	struct ipc_open_failed why;	/* when not ok; ETIMEDOUT: it hangs */
	int fd;				/* CLAIMED, REOPENED; -1 when taken */
	struct ipc_claimed claimed;
};
typedef void opener_done(void *ctx, struct opener_result *);

/* Each calls done once, later, unless the job is forgotten before. NULL: no memory. */
struct opener_job *opener_claim(struct backend *, opener_done *, void *ctx);
struct opener_job *opener_reopen(struct backend *, uint64_t lock_offset, bool readonly,
	    uint32_t nth, opener_done *, void *ctx);	/* nth of those that belong together */
struct opener_job *opener_drain(struct broker *, const struct held *, uint64_t lock_offset,
	    opener_done *, void *ctx);
struct opener_job *opener_store(struct broker *, const struct ipc_store *, opener_done *,
	    void *ctx);
void	opener_forget(struct opener_job *);
/* Has it not even been started, for want of room and not because its backend hangs? */
bool	opener_is_queued(const struct opener_job *);
/* From the warden; each returns whether it was one of ours. */
bool	opener_spawned(struct broker *, const struct ipc_spawned *, int fd);	/* takes fd then */
bool	opener_spawn_failed(struct broker *, const struct ipc_spawn_failed *);
bool	opener_gone(struct broker *, uint32_t child, int status);

/* ---- listener_link.c: the listener and its spares ---- */
void	listener_init(struct broker *);
void	listener_start(struct broker *);	/* in charge: spawn or instruct it */
void	listener_adopt(struct broker *, uint32_t child, int fd);	/* takes fd */
bool	listener_spawned(struct broker *, const struct ipc_spawned *, int fd);
bool	listener_spawn_failed(struct broker *, const struct ipc_spawn_failed *);
bool	listener_gone(struct broker *, uint32_t child, int status);
void	listener_drain(struct broker *);	/* hear what it has said so far */
void	listener_offer(struct broker *, struct session *);	/* its door */
void	listener_greeted(struct session *);	/* tells the outcome, once */
void	listener_unlisten(struct broker *);

/* ---- spare.c: workers that wait for a connection ---- */
void	spare_refill(struct broker *);
void	spare_spawned(struct broker *, const struct ipc_spawned *, int control, int door);
void	spare_spawn_failed(struct broker *, const struct ipc_spawn_failed *);
void	spare_is_ready(struct session *);
void	spare_lost(struct session *);	/* ended before it met anybody */

/* ---- session.c: a worker ---- */
RB_PROTOTYPE(session_tree, session, entry, session_compare)
struct session *session_new(struct broker *, const struct ipc_spawned *);
struct session *session_find(struct broker *, uint32_t child);
struct session *session_by_cntlid(struct broker *, uint16_t cntlid);
bool	session_on_discovery(const struct session *);
int	session_attach(struct session *, int fd, uint32_t state);	/* takes fd */
void	session_greeting(struct session *, const struct ipc_greeting *);
void	session_over(struct session *, enum greet_outcome);	/* it will leave by itself */
void	session_kill(struct session *, const char *why);	/* why NULL: say nothing */
void	session_refuse(struct session *, const struct admit_verdict *);
void	session_gone(struct session *, int status);
void	session_drained(struct session *);
void	session_title(struct broker *);
/* Sends; a worker that does not read is killed. */
void	session_send(struct session *, uint32_t type, const void *, size_t size, const int *fd);
#define SESSION_SEND(s, NAME, p)	session_send((s), IPC_##NAME, (p), sizeof(*(p)), NULL)
#define SESSION_SEND_FD(s, NAME, p, f)	session_send((s), IPC_##NAME, (p), sizeof(*(p)), (f))

/* ---- session_in.c: what a worker says ---- */
extern const struct ipc_table *const session_table;

/* ---- session_ping.c: does it still live? ---- */
void	session_ping_start(struct broker *);
void	session_ping_all(struct broker *);
void	session_ask(struct session *);		/* who waits for the answer looks again */
void	session_heard(struct session *);	/* it said something: it lives */
void	session_told(struct session *, const struct ipc_state *);
void	session_answered(struct session *, uint32_t ping);

/* ---- session_range.c: ranges that one controller has for itself (range.h) ---- */
void	session_range_init(struct broker *);
void	session_range_takeover(struct session *);	/* a controller of an older broker */
void	session_range_in_charge(struct broker *);	/* all of them were taken over */
/* Right before ADMIT: what it must keep out of. 0, or -1: to be tried again. */
int	session_range_admit(struct session *);
/* Right before NS for a controller that lives; the record has it already. 0 or -1, as above. */
int	session_range_ns(struct session *, const uint8_t key[HELD_KEY_SIZE]);
void	session_range_gone(struct session *);
void	session_range_drained(struct session *);
int	session_range_lock(struct session *, const struct ipc_range *);
int	session_range_unlock(struct session *, const struct ipc_range_ref *);
int	session_range_held(struct session *, const struct ipc_range_ref *);
int	session_range_reset_done(struct session *);

/* ---- live.c: what controllers have, while they run ---- */
void	live_start(struct broker *);		/* in charge: all that we inherited */
void	live_session(struct session *);		/* it may have to have something else now */
void	live_all(struct broker *);
void	live_again(struct broker *);		/* ... in a while */
void	live_cancel(struct session *);		/* it is gone */

/* ---- cntlid.c ---- */
uint16_t cntlid_new(struct broker *, const struct config_subsystem *);	/* NULL: discovery. 0: none */

/* ---- resize.c ---- */
void	resize_look(struct broker *);	/* at every device and file, now */
void	resize_poll(struct broker *);	/* ... if that is of use to anybody */

/* ---- admission.c: an admin Connect, from its arrival to ADMIT or REFUSE ---- */
void	admission_begin(struct session *);
void	admission_late(struct session *);	/* its time is over */
void	admission_cancel(struct session *);
uint64_t admission_lock_offset(void);	/* of a description's drain lock */
void	admission_drained(struct broker *);	/* some drain is done: who waits looks again */

/* ---- ana_change.c: ANA states that controllers are told, and their change ---- */
void	ana_start(struct broker *);	/* in charge */
void	ana_row(const struct session *, const struct backend *, struct ipc_ns *);	/* its part */
/* done() comes once, later, unless it is forgotten before; why is NULL then. NULL with why: it
 * cannot be, or not now. */
typedef void ana_done(void *ctx, const char *why);
struct ana_change *ana_change(struct broker *b, const struct ctl_ana_set *m, ana_done *done,
	    void *ctx, const char **why);
void	ana_change_forget(struct ana_change *);

/* ---- census.c: who is here ---- */
void	census_count(struct session *asking, struct admit_counts *);	/* without itself */
void	census_look_for_twin(struct session *);	/* says so when there is one */

/* ---- queue.c: an I/O Connect, from its arrival to QUEUE_GIVE or REFUSE ---- */
void	queue_begin(struct session *greeter);
void	queue_answered(struct session *controller, const struct ipc_queue_answer *);
int	queue_hand(struct session *greeter, const struct ipc_queue_handoff *, int fd);
void	queue_cancel(struct session *);		/* either side is gone */

/* ---- record.c: who a worker is, as the warden keeps it ---- */
int	record_keep(struct session *);		/* of its present state; 0 or -1 */
bool	record_ok(const struct ipc_record *, uint32_t child);
int	record_read(int fd, uint32_t child, struct ipc_record *);
bool	record_names(const struct ipc_record *, const uint8_t key[HELD_KEY_SIZE]);
bool	record_writes(const struct ipc_record *, const uint8_t key[HELD_KEY_SIZE]);
/* Is no other entry of its namespace one that the worker has, or is to have? */
bool	record_is_last(const struct ipc_record *, uint32_t i);
void	record_leave(struct ipc_record *, uint32_t nsid);	/* all entries of it */
const struct ipc_record_ns *record_leaving(const struct ipc_record *, uint32_t nsid);	/* or NULL */
void	record_forget(struct ipc_record *, const struct ipc_record_ns *);
/* There must be room. Of the entry: nsid, readonly, lock_offset. */
void	record_coming(struct ipc_record *, const uint8_t key[HELD_KEY_SIZE],
	    const struct ipc_record_ns *);

/* ---- drain.c: writes of the dead ---- */
void	drain_session(struct session *);
/* Asks every worker that may still write there for this host whether it lives. */
void	drain_ask(struct broker *, const char *hostnqn, const uint8_t key[HELD_KEY_SIZE]);
bool	drain_is_pending(struct broker *, const char *hostnqn, const uint8_t key[HELD_KEY_SIZE]);

/* ---- reserve.c, reserve_page.c: reservations and write protection ---- */
void	reserve_init(struct broker *);		/* before it is confined */
void	reserve_start(struct broker *);		/* ... and after everything held was told */
void	reserve_takeover(struct broker *);	/* in charge: before rows are told */
void	reserve_again(struct broker *);	/* ... and after that */
bool	reserve_can_persist(const struct broker *);
bool	reserve_protects(const struct backend *);	/* from being written */
int	reserve_ask(struct session *, const struct ipc_resv *);	/* RESV; -1: a rule was broken */
void	reserve_forget(struct session *);	/* nobody is there for an answer */
void	reserve_row(const struct session *, const struct backend *, struct ipc_ns *);

/* ---- ns_row.c: a namespace as this session's host may use it now ---- */
void	ns_row(const struct session *, const struct backend *, bool readonly, struct ipc_ns *);
struct ipc_record_ns *record_ns(const struct session *, uint32_t nsid);	/* or NULL */
/* What it has under that nsid; NULL when the configuration has something else there, or nothing. */
struct backend *session_backend(const struct session *, const struct ipc_record_ns *);

/* ---- fence.c: changes that every worker concerned has seen ---- */
/* done() comes once, later and never from within these, when no answer is missing any more. Its
 * fence is gone then. */
typedef void fence_done(void *ctx);
struct fence *fence_new(struct broker *, fence_done *, void *ctx);
/* Nobody waits for it: a device that is slow for a while is no reason to end anybody. */
void	fence_be_patient(struct fence *);
/* A namespace of a controller: its row as it is now, or that it is not its any more. All of them in
 * the turn in which the fence was made. */
void	fence_tell(struct fence *, struct session *, uint32_t nsid);
void	fence_tell_gone(struct fence *, struct session *, uint32_t nsid);
/* One that it shall have from now on, as its record says. Takes fd. */
void	fence_tell_new(struct fence *, struct session *, uint32_t nsid, int fd);
int	fence_answered(struct session *, uint64_t fence);	/* FENCED; -1: nobody asked */
void	fence_feed(struct session *);		/* there may be room; it was admitted */
void	fence_cut(struct session *);		/* nothing more is said to it */
void	fence_drained(struct session *);	/* it is gone, and so are its writes */

/* ---- discovery_page.c ---- */
int	discovery_send(struct session *);	/* builds and sends PAGE; 0 or -1 */

/* ---- report.c: cellblockctl's questions ---- */
void	report_init(struct broker *, int listening_fd);
void	report_state(struct broker *);		/* some worker told its counters */

/* ---- logline.c ---- */
void	logline(struct session *, int level, const char *remedy, const char *fmt, ...)
	    LOG_PRINTF(4, 5);
void	logline_worker(struct session *, const struct ipc_log *);
void	logline_listener(struct broker *, const struct ipc_log *);
void	logline_refusal(struct session *, enum admit_reason);

/* ---- shutdown.c ---- */
void	shutdown_begin(struct broker *);
void	shutdown_check(struct broker *);	/* somebody is gone: was it the last? */

#endif
