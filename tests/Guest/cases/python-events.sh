# Debian's Python, unmodified: its selectors on epoll, threads that wake a loop, child processes with pipes, timers in a loop's waiting.
# packages: python3-minimal
# memory: 512M
# timeout: 120
# cpus: 1 2
# host: no
# expect: selector: EpollSelector
# expect: pipe: b'hello'
# expect: time-out: []
# expect: threads: 4950
# expect: child: HELLO
# expect: status: 3
# expect: many: 100
# expect: signal: 10
cat >events.py <<'END'
import os, selectors, signal, subprocess, threading, time
chosen = selectors.DefaultSelector()
print("selector:", type(chosen).__name__)
reading, writing = os.pipe()
chosen.register(reading, selectors.EVENT_READ)
def late():
    time.sleep(0.02)
    os.write(writing, b"hello")
threading.Thread(target=late).start()
for key, events in chosen.select():
    print("pipe:", os.read(key.fd, 100))
print("time-out:", chosen.select(0.01))
total, lock = 0, threading.Lock()
def add(number):
    global total
    with lock:
        total += number
threads = [threading.Thread(target=add, args=(number,)) for number in range(100)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("threads:", total)
child = subprocess.run(["tr", "a-z", "A-Z"], input=b"hello", stdout=subprocess.PIPE)
print("child:", child.stdout.decode())
print("status:", subprocess.run(["sh", "-c", "exit 3"]).returncode)
pipes = [os.pipe() for _ in range(100)]
for number, (end, _) in enumerate(pipes):
    chosen.register(end, selectors.EVENT_READ, number)
for _, end in pipes: os.write(end, b"x")
seen = set()
while len(seen) < 100:
    for key, events in chosen.select():
        os.read(key.fd, 1)
        seen.add(key.data)
print("many:", len(seen))
signal.signal(signal.SIGUSR1, lambda number, frame: print("signal:", number))
os.kill(os.getpid(), signal.SIGUSR1)
END
python3 events.py
