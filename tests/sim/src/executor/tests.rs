//! Time, wakers and ends of the executor.

use futures_util::{StreamExt, stream};

use super::*;

fn at(seconds: i64) -> Instant {
    Instant::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

#[test]
fn time_goes_from_one_timer_to_the_next_and_children_are_woken_alone() {
    let mut executor = Executor::new(at(0), 1);
    let handle = executor.handle();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (inner, told) = (handle.clone(), seen.clone());
    handle.start(async move {
        let naps = [5_i64, 3, 9].map(|nap| {
            let (inner, told) = (inner.clone(), told.clone());
            async move {
                inner.sleep(TimeDelta::seconds(nap)).await;
                lock(&told).push((nap, inner.now()));
            }
        });
        stream::iter(naps).buffer_unordered(3).collect::<Vec<()>>().await;
    });
    executor.run_until(at(6));
    assert_eq!(*lock(&seen), [(3, at(3)), (5, at(5))]);
    executor.run_until(at(20));
    assert_eq!((lock(&seen).len(), handle.now()), (3, at(20)));
}

#[test]
fn a_task_ends_by_itself_by_another_or_by_its_time() {
    let mut executor = Executor::new(at(0), 1);
    let handle = executor.handle();
    let ends = Arc::new(Mutex::new(Vec::new()));
    for (nap, killed_at) in [(1_i64, None), (9, Some(2_i64)), (9, None)] {
        let (inner, told) = (handle.clone(), ends.clone());
        handle.start(async move {
            let nap = inner.sleep(TimeDelta::seconds(nap));
            let (id, run) = inner.run(TimeDelta::seconds(5), async move {
                nap.await;
                7
            });
            if let Some(killed_at) = killed_at {
                let killer = inner.clone();
                inner.start(async move {
                    killer.sleep(TimeDelta::seconds(killed_at)).await;
                    killer.end(id);
                });
            }
            let ended = run.await;
            lock(&told).push((inner.now(), ended));
        });
    }
    executor.run_until(at(60));
    assert_eq!(*lock(&ends), [(at(1), Ended::Done(7)), (at(2), Ended::Died), (at(5), Ended::TimedOut)]);
}
