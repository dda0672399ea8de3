// SPDX-License-Identifier: MIT
//! The classic pool of the Rust book: boxed jobs in a channel whose receiver is
//! behind a mutex. Promises the order of each sender, no bound. The lock is held
//! while a worker waits, not while a job runs; each thread that submits has a
//! sender of its own. There is nothing to set, and no other channel for many
//! receivers in the standard library; one of mutex and condition variable is
//! mutex-queue, in C. Do you know a better one? Please correct this.
use std::cell::RefCell;
use std::ffi::c_void;
use std::sync::{mpsc, Arc, Mutex};
use std::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send + 'static>;
type Sender = mpsc::Sender<Option<Job>>; // None: the end, for one worker

pub struct Pool {
    sender: Mutex<Sender>,
    workers: Vec<JoinHandle<()>>,
}

thread_local!(static SENDER: RefCell<Option<(*const Pool, Sender)>> = RefCell::new(None));

#[no_mangle]
pub extern "C" fn rust_channel_create(workers: u32) -> *mut Pool {
    let (sender, receiver) = mpsc::channel::<Option<Job>>();
    let receiver = Arc::new(Mutex::new(receiver));
    let start = |_| {
        let (sender, receiver) = (sender.clone(), Arc::clone(&receiver));
        thread::spawn(move || {
            let next = || receiver.lock().unwrap().recv();
            while let Ok(Some(job)) = next() {
                job();
            }
            // what jobs submit after the end; whoever waits looks for itself
            let rest = || match receiver.try_lock().map(|it| it.try_recv()) {
                Ok(Ok(None)) => sender.send(None).ok().and(None),
                Ok(Ok(job)) => job,
                _ => None,
            };
            while let Some(job) = rest() {
                job();
            }
        })
    };
    let workers = (0..workers).map(start).collect();
    Box::into_raw(Box::new(Pool { sender: Mutex::new(sender), workers }))
}

#[no_mangle]
pub extern "C" fn rust_channel_submit(
    pool: *const Pool, run: extern "C" fn(*mut c_void), arg: usize,
) {
    SENDER.with(|mine| {
        let mut mine = mine.borrow_mut();
        if mine.as_ref().map(|mine| mine.0) != Some(pool) {
            *mine = Some((pool, unsafe { (*pool).sender.lock().unwrap().clone() }));
        }
        let job: Job = Box::new(move || run(arg as *mut c_void));
        mine.as_ref().unwrap().1.send(Some(job)).unwrap();
    })
}

#[no_mangle]
pub extern "C" fn rust_channel_destroy(pool: *mut Pool) {
    let pool = unsafe { Box::from_raw(pool) };
    pool.workers.iter().for_each(|_| pool.sender.lock().unwrap().send(None).unwrap());
    pool.workers.into_iter().for_each(|worker| worker.join().unwrap());
    SENDER.with(|mine| *mine.borrow_mut() = None);
}
