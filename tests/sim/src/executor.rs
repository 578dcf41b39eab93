//! Runs futures in simulated time, on one thread and in an order that is the same in every run. A task
//! is a process: it can be ended at any of its awaits, and what it had not done is then not done.

use std::{
    cell::RefCell,
    collections::{BinaryHeap, HashMap, VecDeque},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use chrono::TimeDelta;
use leadline::{domain::Instant, ports::Clock};

use crate::rng;

/// A task's number.
pub type TaskId = u64;

type Task = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    /// Tasks that were started and that the executor of this thread has not taken up yet. They stay on
    /// their thread, which what is shared through a [`Handle`] could not promise.
    static STARTED: RefCell<Vec<(TaskId, Task)>> = const { RefCell::new(Vec::new()) };
}

/// Locks what only one thread uses; a panic while it was held changes nothing about that.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tasks, and the loop that runs them.
pub struct Executor {
    handle: Handle,
    tasks: HashMap<TaskId, (Task, Waker)>,
}

/// What tasks see of the executor: the time, and how to start, end and await others.
#[derive(Clone)]
pub struct Handle(Arc<Mutex<State>>);

struct State {
    now: Instant,
    seed: u64,
    made: u64,
    timers: BinaryHeap<Timer>,
    ready: VecDeque<TaskId>,
    doomed: Vec<TaskId>,
    current: TaskId,
}

/// Woken at a moment. Of several at one moment the seed says which comes first.
struct Timer {
    at: Instant,
    order: u64,
    number: u64,
    waker: Waker,
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // The heap gives its greatest: the earliest.
        (other.at, other.order, other.number).cmp(&(self.at, self.order, self.number))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Timer {}

/// Puts its task among those that can go on.
struct Ready {
    handle: Handle,
    id: TaskId,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        Self::wake_by_ref(&self);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.handle.state();
        if !state.ready.contains(&self.id) {
            state.ready.push_back(self.id);
        }
    }
}

impl Executor {
    /// An executor whose clock begins at `now`. A thread has one at a time.
    #[must_use]
    pub fn new(now: Instant, seed: u64) -> Self {
        let state = State {
            now,
            seed,
            made: 0,
            timers: BinaryHeap::new(),
            ready: VecDeque::new(),
            doomed: Vec::new(),
            current: 0,
        };
        Self { handle: Handle(Arc::new(Mutex::new(state))), tasks: HashMap::new() }
    }

    /// What tasks need.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Runs everything up to `end`, then stands there.
    pub fn run_until(&mut self, end: Instant) {
        loop {
            self.take_changes();
            let next = self.handle.state().ready.pop_front();
            match next {
                Some(id) => self.poll(id),
                None => {
                    let mut state = self.handle.state();
                    let due = state.timers.peek().is_some_and(|timer| timer.at <= end);
                    let Some(timer) = due.then(|| state.timers.pop()).flatten() else {
                        state.now = end.max(state.now);
                        return;
                    };
                    state.now = state.now.max(timer.at);
                    drop(state);
                    timer.waker.wake();
                }
            }
        }
    }

    fn take_changes(&mut self) {
        loop {
            let started = STARTED.take();
            let doomed = std::mem::take(&mut self.handle.state().doomed);
            if started.is_empty() && doomed.is_empty() {
                return;
            }
            for (id, task) in started {
                let waker = Waker::from(Arc::new(Ready { handle: self.handle.clone(), id }));
                self.tasks.insert(id, (task, waker));
                self.handle.state().ready.push_back(id);
            }
            // Dropped without the lock: a task that ends tells others.
            for id in doomed {
                drop(self.tasks.remove(&id));
            }
        }
    }

    fn poll(&mut self, id: TaskId) {
        let Some((task, waker)) = self.tasks.get_mut(&id) else { return };
        self.handle.state().current = id;
        let done = task.as_mut().poll(&mut Context::from_waker(waker)).is_ready();
        self.handle.state().current = 0;
        if done {
            drop(self.tasks.remove(&id));
        }
    }
}

impl Drop for Executor {
    /// Timers hold wakers, and wakers the timers: neither would ever be freed.
    fn drop(&mut self) {
        self.tasks.clear();
        STARTED.take();
        let timers = std::mem::take(&mut self.handle.state().timers);
        drop(timers);
    }
}

impl Handle {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// The task that runs now; 0 for none.
    #[must_use]
    pub fn current(&self) -> TaskId {
        self.state().current
    }

    /// Starts a task.
    pub fn start(&self, task: impl Future<Output = ()> + 'static) -> TaskId {
        let id = {
            let mut state = self.state();
            state.made += 1;
            state.made
        };
        STARTED.with_borrow_mut(|started| started.push((id, Box::pin(task))));
        id
    }

    /// Ends a task where it stands: nothing of it runs again.
    pub fn end(&self, id: TaskId) {
        self.state().doomed.push(id);
    }

    /// Starts a task that is given `span` to finish, and awaits its end.
    pub fn run<T: 'static>(&self, span: TimeDelta, work: impl Future<Output = T> + 'static) -> (TaskId, Run<T>) {
        let end = Arc::new(Mutex::new(End { value: None, over: false, waker: None }));
        let told = Told(end.clone());
        let id = self.start(async move {
            let value = work.await;
            lock(&told.0).value = Some(value);
            drop(told);
        });
        let over = self.sleep_until(self.now() + span);
        (id, Run { handle: self.clone(), id, end, over })
    }

    /// Awaits a moment.
    #[must_use]
    pub fn sleep_until(&self, at: Instant) -> Sleep {
        Sleep { handle: self.clone(), at, set: false }
    }

    /// Awaits a span of time.
    #[must_use]
    pub fn sleep(&self, span: TimeDelta) -> Sleep {
        self.sleep_until(self.now() + span)
    }
}

impl Clock for Handle {
    fn now(&self) -> Instant {
        self.state().now
    }
}

/// A task that was started, awaited to its end.
pub struct Run<T> {
    handle: Handle,
    id: TaskId,
    end: Arc<Mutex<End<T>>>,
    over: Sleep,
}

struct End<T> {
    value: Option<T>,
    over: bool,
    waker: Option<Waker>,
}

/// Says that a task is over when it is dropped, finished or not.
struct Told<T>(Arc<Mutex<End<T>>>);

impl<T> Drop for Told<T> {
    fn drop(&mut self) {
        let waker = {
            let mut end = lock(&self.0);
            end.over = true;
            end.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended<T> {
    /// It finished.
    Done(T),
    /// It was ended from outside.
    Died,
    /// Its time was over.
    TimedOut,
}

impl<T> Future for Run<T> {
    type Output = Ended<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended<T>> {
        {
            let mut end = lock(&self.end);
            if end.over {
                return Poll::Ready(end.value.take().map_or(Ended::Died, Ended::Done));
            }
            end.waker = Some(cx.waker().clone());
        }
        if Pin::new(&mut self.over).poll(cx).is_ready() {
            self.handle.end(self.id);
            return Poll::Ready(Ended::TimedOut);
        }
        Poll::Pending
    }
}

/// Awaits a moment.
pub struct Sleep {
    handle: Handle,
    at: Instant,
    set: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.handle.state();
        if self.at <= state.now {
            return Poll::Ready(());
        }
        if !self.set {
            state.made += 1;
            let number = state.made;
            let order = rng::key(&[state.seed, number]);
            state.timers.push(Timer { at: self.at, order, number, waker: cx.waker().clone() });
            drop(state);
            self.set = true;
        }
        Poll::Pending
    }
}

/// Something that one task waits for and others tell it.
#[derive(Clone, Default)]
pub struct Bell(Arc<Mutex<(bool, Option<Waker>)>>);

impl Bell {
    /// Rings: who waits, or the next who does, goes on.
    pub fn ring(&self) {
        let waker = {
            let mut bell = lock(&self.0);
            bell.0 = true;
            bell.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Awaits a ring, or a moment if one is given.
    pub async fn wait(&self, handle: &Handle, until: Option<Instant>) {
        let mut sleep = until.map(|at| handle.sleep_until(at));
        std::future::poll_fn(|cx| {
            {
                let mut bell = lock(&self.0);
                if std::mem::take(&mut bell.0) {
                    return Poll::Ready(());
                }
                bell.1 = Some(cx.waker().clone());
            }
            match sleep.as_mut() {
                Some(sleep) => Pin::new(sleep).poll(cx),
                None => Poll::Pending,
            }
        })
        .await;
    }
}

#[cfg(test)]
mod tests;
