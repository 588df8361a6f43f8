/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark, and the map of this directory. A server (our target, or the ceiling: a responder
 * without any logic) runs on one processor, the client on another. Everything is measured in short
 * windows, those of the things compared in turns, each labelled near or far (pingpong.c).
 *
 * What goes wrong ends the program: a benchmark has nobody to report an error to but a human.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <sys/types.h>
#include <sys/uio.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct host_ctrl;
struct host_opts;
struct target;

#define BENCH_NQN	"nqn.2026-01.example:bench"
#define NS_PER_S	1000000000ull

static inline uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec);
}

/* main.c: what the user asked for. */
struct settings {
	const char	*cases, *engines, *backends;	/* patterns, commas between them */
	const char	*cellblockd, *cellblockctl;
	const char	*out;			/* directory of the results */
	const char	*dir, *file_dir;	/* sockets and logs; the disks */
	int		 server_cpu, client_cpu;
	unsigned	 windows;		/* accepted ones, of each contender */
	double		 seconds;		/* of a window */
	uint64_t	 ram;			/* bytes of each backend */
	double		 near_ns;		/* ping-pong below this: near */
	double		 wait_max;		/* part of a window that may go into waiting */
	unsigned	 limit_s;		/* nothing new is begun after this */
	bool		 quick, verbose;
};

extern struct settings settings;
extern volatile sig_atomic_t interrupted;
bool	 time_is_over(void);
bool	 time_is_left(const char *name);	/* false: said so */
bool	 is_chosen(const char *patterns, const char *name);

/* hist.c: latencies. */
enum { HIST_BITS = 6, HIST_STEPS = 1 << HIST_BITS, HIST_OCTAVES = 30 };

struct hist {
	uint64_t	 count[HIST_STEPS * HIST_OCTAVES];
	uint64_t	 total;
};

void	 hist_add(struct hist *, uint64_t ns);
void	 hist_merge(struct hist *to, const struct hist *from);
void	 hist_clear(struct hist *);
double	 hist_us(const struct hist *, double part);

/* pingpong.c: distance of two processors. */
double	 pingpong_ns(int other_cpu);
void	 cpu_pin(int cpu);
void	 cpu_pin_both(int a, int b);

/* cpu.c: what a process and the machine have used. */
struct cpu_use {
	uint64_t	 run_ns, wait_ns;	/* wait: ready to run, but not running */
	uint64_t	 user, system;		/* ticks */
	uint64_t	 switches;		/* voluntary */
	uint64_t	 syscalls;
	uint64_t	 stolen;		/* ticks of the whole machine */
	uint64_t	 cpu_busy;		/* ticks of the server's processor, of whomever */
	unsigned	 threads;
};

enum { SYSCOUNT_THREADS = 64 };
struct syscount { int fd[SYSCOUNT_THREADS]; unsigned n; };

void	 cpu_read(pid_t, const struct syscount *, struct cpu_use *);
void	 cpu_since(const struct cpu_use *before, const struct cpu_use *after, struct cpu_use *);
void	 cpu_pin_process(pid_t, int cpu);
bool	 syscount_open(struct syscount *, pid_t);
void	 syscount_close(struct syscount *);
extern const char *syscount_missing;		/* why there is none, or NULL */
uint64_t mem_rollup_kib(pid_t, const char *field);
uint64_t mem_resident_kib(pid_t);

/* What a client does to a server. */
struct load {
	unsigned	 size;			/* bytes of a command */
	unsigned	 queues, depth;
	unsigned	 reads;			/* of a hundred */
	bool		 hdgst, ddgst;
	bool		 block;			/* the client sleeps until something comes */
	unsigned	 rate;			/* commands/s, asleep between them; 0: all it takes */
	bool		 idle;			/* none at all */
};

enum { CLIENT_RX_SIZE = 256 << 10 };

/* client.c, client_rx.c, client_tx.c: keeps queues busy at depth, on connected sockets. */
struct cl_cmd {
	uint64_t	 since;			/* ns; since when it is due */
	uint32_t	 got;
	bool		 busy, write;
	uint8_t		 ddgst[4];
};

struct cl_conn {
	struct client	*client;
	int		 fd;
	uint32_t	 icd_max;		/* bytes of in-capsule data */
	uint32_t	 maxh2cdata;
	unsigned	 inflight;

	struct cl_cmd	*cmd;			/* by cid */
	uint16_t	*idle;			/* cids, a ring: in order, so capsules adjoin */
	unsigned	 idle_head, nidle;
	uint8_t		*capsule, *h2c;		/* headers by cid, one behind the other */
	uint8_t		*data;			/* what is written, by cid */

	struct iovec	*tx;
	unsigned	 tx_head, tx_tail, tx_max;

	uint8_t		*rx;
	size_t		 rx_head, rx_tail;
	uint32_t	 rx_skip;		/* bytes of data still to come */
	uint32_t	 rx_crc;
	bool		 rx_ddgst;		/* a data digest comes after them */
	bool		 rx_success;		/* and then the command is complete */
	uint16_t	 rx_cid;
};

struct client {
	struct load	 load;
	struct cl_conn	*conn;
	unsigned	 nconn;
	uint32_t	 nsid;
	unsigned	 lba_shift;
	uint64_t	 slots;			/* places of load.size bytes */
	uint64_t	 random;
	bool		 in_order;		/* every place once, not at random */
	uint64_t	 next;			/* place, when in order */
	bool		 issue;			/* a command that ends is followed by another */
	uint64_t	 now;			/* ns, of this turn */
	uint64_t	 moved;			/* ns, when something came last */
	bool		 gentle;		/* sends little at a time, for the others */
	uint64_t	 done;
	uint64_t	 stamp, idle_ns;	/* end of the last turn; what brought nothing */
	struct hist	*hist;
	double		 next_due;		/* ns, with a rate */
};

struct client *client_new(const struct load *, unsigned lba_shift, uint64_t bytes);
void	 client_add(struct client *, int fd, uint32_t icd_max, uint32_t maxh2cdata);
void	 client_free(struct client *);
void	 client_run(struct client *, uint64_t until_ns);
void	 clients_run(struct client *const *, unsigned n, uint64_t until_ns);
void	 client_drain(struct client *);
void	 client_fill(struct client *);		/* writes every place once, in order */
void	 client_complete(struct cl_conn *, uint16_t cid, const uint8_t *cqe);
void	 client_issue(struct cl_conn *, uint64_t since);
bool	 client_receive(struct cl_conn *);
void	 client_answer_r2t(struct cl_conn *, const uint8_t *r2t);
void	 client_queue(struct cl_conn *, const void *, size_t);
void	 client_flush(struct cl_conn *);
uint32_t crc32c_isal(uint32_t crc, const void *, size_t);

/* ceiling.c: the bare responder. */
struct ceiling {
	pid_t		 pid;
	uint16_t	 port;
	atomic_bool	*spin;			/* shared: whether it polls or sleeps */
};

void	 ceiling_start(struct ceiling *, int cpu, uint64_t bytes);
void	 ceiling_stop(struct ceiling *);
int	 ceiling_connect(const struct ceiling *, const struct load *, bool copies,
	    unsigned lba_shift);

/* target.c: cellblockd with a configuration of ours. */
enum backend { BACKEND_RAM, BACKEND_FILE, BACKEND_LOOP, BACKEND_MAX };
extern const char *const backend_name[BACKEND_MAX];

struct target_options {
	const char	*engine;		/* NULL: the default */
	unsigned	 lanes;			/* 0: the default */
	unsigned	 busy_poll;		/* microseconds */
	unsigned	 spares;
	bool		 all_cpus;
	bool		 ram_only;
};

struct target {
	struct target_options options;
	pid_t		 pid;			/* the warden */
	char		 port[8];
	char		 dir[256];
	char		 path[BACKEND_MAX][300], file[BACKEND_MAX][300];
	bool		 tried, answers;
	bool		 filled[BACKEND_MAX];	/* every block has been written */
	struct target	*next;
};

struct target *target_get(const struct target_options *);
void	 target_opts(const struct target *, const struct load *, struct host_opts *);
bool	 target_answers(struct target *);		/* contender.c */
void	 target_fill(struct target *, enum backend);	/* contender.c */
void	 target_stop_all(void);
void	 target_stop(struct target *);
bool	 target_knows(const char *block, const char *key);
pid_t	 target_worker(const struct target *, unsigned cntlid);

/* disk.c: what is behind a target that is not its own memory. */
void	 disks_make(struct target *);
void	 disks_remove(struct target *);
bool	 target_has(const struct target *, enum backend);

/* holder.c: keeps the processors from being moved or put to sleep. */
void	 holders_start(void);
void	 holders_stop(void);

/* window.c: one measurement. */
enum state { STATE_NEAR, STATE_FAR, STATE_MAX };
extern const char *const state_name[STATE_MAX];

struct window {
	enum state	 state;
	double		 seconds, iops;
	struct cpu_use	 use;			/* of the server */
	double		 idle;			/* part of the time, of the client */
	double		 waited;		/* part of the window, of the worse end */
	bool		 noisy;
};

enum { WINDOWS_MAX = 128 };

/* A server with a client of its own, which stays connected through all windows of a series. */
struct contender {
	const char	*server;		/* "ceiling" or "target" */
	const char	*engine, *backend;	/* of a target, or "-" */
	const char	*mode;			/* "block", "spin", or "copy": see bare_rx.c */
	bool		 spin;			/* tell the ceiling to */
	bool		 helped;		/* by the kernel's threads: no neighbours */
	struct client	*client;
	struct host_ctrl *ctrl;
	int		*fd;			/* of a ceiling */
	pid_t		 pid;
	struct syscount	 syscount;
	struct window	 window[WINDOWS_MAX];
	unsigned	 nwindows, in_state[STATE_MAX];
	struct hist	*hist[STATE_MAX];
	double		 rss_mib;
};

enum state window_label(void);
bool	 window_take(struct contender *, const struct ceiling *, struct window *,
	    enum state *after);

/* contender.c: connecting them. */
void	 contender_ceiling(struct contender *, const struct ceiling *, const struct load *,
	    const char *mode);
void	 contender_target(struct contender *, struct target *, const struct load *, enum backend);
void	 contender_close(struct contender *);

/* series.c: windows of several contenders in turns. */
enum { CONTENDERS_MAX = 16 };

struct series {
	const char	*name;
	const struct ceiling *ceiling;
	struct contender *contender[CONTENDERS_MAX];
	unsigned	 n;
	unsigned	 rejected;
	bool		 shared;		/* processors: waiting is no noise */
};

void	 series_run(struct series *);

/* result.c: what a contender did in one state; and all of it, for the bars. */
struct result {
	char		 name[48];
	const char	*server, *engine, *backend, *mode;
	enum state	 state;
	struct load	 load;
	unsigned	 windows, noisy;
	double		 iops, lowest, highest;	/* median, and the quartiles */
	double		 ceiling_block, ceiling_spin, ceiling_copy;	/* IOPS, or 0 */
	double		 ceiling, ratio;	/* the one to compare with, or 0 */
	double		 mbps, p50_us, p99_us, p999_us;
	double		 cpu, user, system;	/* seconds per million commands */
	double		 core;			/* part of one processor in use */
	double		 wakeups;		/* voluntary switches per second */
	double		 switches, syscalls;	/* per command; syscalls -1: unknown */
	double		 rss_mib, idle;
};

enum { RESULTS_MAX = 2048 };
extern struct result results[RESULTS_MAX];
extern unsigned nresults;
void	 results_of(const struct series *);
const struct result *result_find(const char *name, const char *server, const char *engine,
	    const char *backend, const char *mode, enum state);

/* report.c: tables and JSON lines. */
void	 report_open(const char *dir);
void	 report_close(void);
void	 report_heading(void);
void	 report_result(const struct result *);
void	 report_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	 report_bar(const char *what, double value, double bar, bool at_least, bool ok);
void	 report_bars(unsigned judged, unsigned missed);
void	 report_figure(const char *group, const char *what, double value, const char *unit);

/* cases.c: reading and writing. The rest: what is not only a case. */
void	 cases_run(const struct ceiling *);
const char *engine_default(void);
void	 scale_run(const struct ceiling *);
void	 spawn_run(const struct ceiling *);
void	 fairness_run(const struct ceiling *);
void	 lanes_run(const struct ceiling *);

/* family.c: all processes of a target. */
struct family_memory {
	unsigned	 processes, workers;
	uint64_t	 pss_kib, ram_kib;	/* without RAM disks, and these */
};

void	 family_each(const struct target *, void (*)(pid_t, const char *name, void *), void *);
void	 family_memory(const struct target *, struct family_memory *);

/* crowd.c: many idle controllers. */
struct crowd;
struct crowd *crowd_new(void);
void	 crowd_grow(struct crowd *, const struct target *, const struct load *, unsigned n);
unsigned crowd_cntlid(const struct crowd *, unsigned i);
void	 crowd_free(struct crowd *);

/* bars.c: what is to be reached, and whether it was. */
void	 bar_judge(const char *what, double value, double bar, bool at_least);
double	 bar_ratio(const char *name);		/* 0: none */
void	 bars_judge_results(void);
void	 bars_print(void);

/* plot.c */
void	 plot_draw(void);

#endif
