# The real Linux host: its image, its runner, and the stories told in it (run as root).
dist_noinst_SCRIPTS += %D%/build %D%/host %D%/netns %D%/run
dist_check_SCRIPTS += %D%/x_ana.sh %D%/x_crash.sh %D%/x_host.sh %D%/x_inside.sh %D%/x_stas.sh
EXTRA_DIST += %D%/lib.sh %D%/suites %D%/guest/first-stage %D%/guest/init
EXTRA_DIST += %D%/guest/admin.sh %D%/guest/ana.sh %D%/guest/broker.sh %D%/guest/discover.sh \
	%D%/guest/files.sh %D%/guest/inside.sh %D%/guest/ipv6.sh %D%/guest/lib.sh %D%/guest/reset.sh %D%/guest/restart.sh \
	%D%/guest/standin.sh %D%/guest/stas.sh %D%/guest/stories.sh %D%/guest/verify.sh %D%/guest/worker.sh

# As root: every story, each with a VM of its own; minutes. Run by `make check-vm`.
VM_TESTS += %D%/x_ana.sh %D%/x_host.sh %D%/x_crash.sh %D%/x_inside.sh %D%/x_stas.sh

# What nvme-cli can ask and do; two hosts that reserve and protect.
dist_check_SCRIPTS += %D%/x_commands.sh %D%/x_reservations.sh
EXTRA_DIST += %D%/guest/commands.sh %D%/guest/inquiry.sh %D%/guest/protect.sh %D%/guest/reservations.sh
VM_TESTS += %D%/x_commands.sh %D%/x_reservations.sh
# Power cuts, with the kernel's own recorder.
dist_check_SCRIPTS += %D%/x_dmlog.sh
EXTRA_DIST += %D%/guest/dmlog.sh
VM_TESTS += %D%/x_dmlog.sh
