import CLibUSB
import Glibc
import PosixIO

/// libusb on an event loop: its descriptors are watched by the loop, so transfers end and devices come and go on the loop's
/// thread, where the link and its session live.
///
/// The other way would be a thread of its own in `libusb_handle_events`. It would add a lock or a hop to each of the many
/// small transfers of the raw REPL, and an end that must be waited for; and nothing is won by it, since a board's loop
/// serves this board alone: the sockets under measurement live on others.
///
/// `@unchecked Sendable`: everything is touched on the loop's thread only. libusb's own thread, which listens to udev,
/// never calls back.
final class USBBus: ReadinessHandler, @unchecked Sendable {
  private let loop: EventLoop
  private let context: USBContext
  private let sysfs: String
  private var watched: [Int32: WatchedDescriptor] = [:]
  private var hotplug: libusb_hotplug_callback_handle?
  private var failure: PosixError?
  private let changes: DeviceChanges

  /// A duplicate of one of libusb's descriptors: the loop closes what it watches, and libusb closes its own.
  private final class WatchedDescriptor {
    let descriptor: OwnedDescriptor
    var registration: Registration?
    init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }
  }

  /// Starts libusb. On the loop; to be ended by `shutDown`.
  ///
  /// - Parameters:
  ///   - sysfs: the kernel's folder with one entry per USB device.
  ///   - changes: is told when a device has come or gone.
  init(on loop: EventLoop, sysfs: String, changes: DeviceChanges) throws {
    loop.preconditionOnLoop()
    self.loop = loop
    self.sysfs = sysfs
    self.changes = changes
    context = try USBContext()
    watchDescriptors()
    watchDevices()
    if let failure {
      shutDown()
      throw failure
    }
  }

  /// Ends it. On the loop, after the last handle is closed.
  func shutDown() {
    loop.preconditionOnLoop()
    if let hotplug { libusb_hotplug_deregister_callback(context.raw, hotplug) }
    hotplug = nil
    libusb_set_pollfd_notifiers(context.raw, nil, nil, nil)
    for number in watched.keys { unwatch(number) }
  }

  /// The devices that are attached now.
  func devices() throws(USBError) -> [USBDeviceRecord] { try context.devices(sysfs: sysfs) }

  /// Opens a device.
  func open(_ device: USBDeviceRecord) throws(USBError) -> USBDeviceHandle { try context.open(device) }

  /// The configuration that a device uses.
  func configuration(of device: USBDeviceRecord) throws(USBDescriptors.Fault) -> USBDescriptors.Configuration?
  {
    try device.configuration(in: sysfs)
  }

  /// Called by the loop.
  func isReady(_ readiness: Readiness) {
    var atOnce = timeval()
    _ = libusb_handle_events_timeout_completed(context.raw, &atOnce, nil)
  }
}

// MARK: What libusb wants to be told of

extension USBBus {
  private func watchDescriptors() {
    let this = Unmanaged.passUnretained(self).toOpaque()
    libusb_set_pollfd_notifiers(
      context.raw,
      { number, events, this in this.map(USBBus.from)?.watch(number, events) },
      { number, this in this.map(USBBus.from)?.unwatch(number) }, this)
    guard let list = libusb_get_pollfds(context.raw) else { return }
    defer { libusb_free_pollfds(list) }
    var next = list
    while let entry = next.pointee {
      watch(entry.pointee.fd, entry.pointee.events)
      next += 1
    }
  }

  private func watch(_ number: Int32, _ events: Int16) {
    loop.preconditionOnLoop()
    var interest: Readiness = []
    if Int32(events) & POLLIN != 0 { interest.insert(.readable) }
    if Int32(events) & POLLOUT != 0 { interest.insert(.writable) }
    do {
      let watch = WatchedDescriptor(try OwnedDescriptor(duplicating: number))
      watch.registration = try loop.register(watch.descriptor, interest, self)
      watched[number] = watch
    } catch {
      failure = error
    }
  }

  private func unwatch(_ number: Int32) {
    loop.preconditionOnLoop()
    if let registration = watched.removeValue(forKey: number)?.registration { loop.deregister(registration) }
  }

  /// Where there is no udev, libusb tells nothing.
  private func watchDevices() {
    var handle: libusb_hotplug_callback_handle = 0
    let both = LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED.rawValue | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT.rawValue
    let result = libusb_hotplug_register_callback(
      context.raw, Int32(both), 0, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
      LIBUSB_HOTPLUG_MATCH_ANY,
      { _, _, _, this in
        this.map(USBBus.from)?.changes.note()
        return 0
      }, Unmanaged.passUnretained(self).toOpaque(), &handle)
    if result == 0 { hotplug = handle }
  }

  private static func from(_ pointer: UnsafeMutableRawPointer) -> USBBus {
    Unmanaged<USBBus>.fromOpaque(pointer).takeUnretainedValue()
  }
}
