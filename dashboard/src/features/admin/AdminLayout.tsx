import { Link, Outlet } from "@tanstack/react-router";
import { Logo } from "../../components/Logo.tsx";
import { buttonClass } from "../../components/Button.tsx";

const rooms = [
  { to: "/admin", label: "Customers", isExact: true },
  { to: "/admin/cells", label: "Cells", isExact: false },
  { to: "/admin/waves", label: "Waves", isExact: false },
  { to: "/admin/sweeps", label: "Sweeps", isExact: false },
  { to: "/admin/waitlist", label: "Waitlist", isExact: false },
  { to: "/admin/mails", label: "Mail", isExact: false },
] as const;

/** The operators' rooms: plainly not the customer's app. */
export function AdminLayout() {
  return (
    <div className="min-h-dvh">
      <header className="grid gap-1 border-b border-line bg-surface px-5 pt-3 sm:px-8">
        <div className="flex items-center justify-between gap-3">
          <Link to="/admin" className="flex items-center gap-3">
            <Logo />
            <span className="rounded-corner border border-line-strong px-1.5 py-0.5 text-12 text-ink-2">Operators</span>
          </Link>
          <Link to="/dashboard" className={buttonClass("quiet", "small")}>
            Own dashboard
          </Link>
        </div>
        <nav aria-label="Operators" className="-mx-3 flex gap-1 overflow-x-auto">
          {rooms.map(({ to, label, isExact }) => (
            <Link
              key={to}
              to={to}
              activeOptions={{ exact: isExact, includeSearch: false }}
              className="border-b-2 border-transparent px-3 py-2 text-14 whitespace-nowrap text-ink-2 transition-calm hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink"
            >
              {label}
            </Link>
          ))}
        </nav>
      </header>
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto grid w-full max-w-[64rem] grid-cols-[minmax(0,1fr)] gap-8 px-5 pb-16 pt-8 outline-none sm:px-8"
      >
        <Outlet />
      </main>
    </div>
  );
}
