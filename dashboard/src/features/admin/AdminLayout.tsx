import { Link, Outlet } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { Logo } from "../../components/Logo.tsx";
import { buttonClass } from "../../components/Button.tsx";

/** The operators' rooms: plainly not the customer's app. */
export function AdminLayout() {
  return (
    <div className="min-h-dvh">
      <header className="flex flex-wrap items-center justify-between gap-3 border-b border-line bg-surface px-5 py-3 sm:px-8">
        <Link to="/admin" className="flex items-center gap-3">
          <Logo />
          <span className="rounded-corner border border-line-strong px-1.5 py-0.5 text-12 text-ink-2">Operators</span>
        </Link>
        <nav aria-label="Operators" className="flex gap-1">
          <Link to="/admin" className={buttonClass("quiet", "small")}>
            <Search aria-hidden className="size-4" />
            Customers
          </Link>
          <Link to="/dashboard" className={buttonClass("quiet", "small")}>
            Own dashboard
          </Link>
        </nav>
      </header>
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto grid w-full max-w-[64rem] gap-8 px-5 pb-16 pt-8 outline-none sm:px-8"
      >
        <Outlet />
      </main>
    </div>
  );
}
