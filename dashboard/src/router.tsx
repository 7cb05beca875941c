import type { QueryClient } from "@tanstack/react-query";
import { checkoutParams } from "@automna/contract/billing";
import { isAppError } from "@automna/core/shared/app-error";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  Outlet,
  redirect,
  type RouterHistory,
} from "@tanstack/react-router";
import { z } from "zod";
import type { ApiClient } from "./api/api-client.ts";
import { agentsQuery, meQuery } from "./api/queries.ts";
import { LandingPage } from "./features/landing/LandingPage.tsx";
import { NotFoundPage, RouteTrouble } from "./layouts/RouteTrouble.tsx";

interface RouterContext {
  api: ApiClient;
  cache: QueryClient;
}

const rootRoute = createRootRouteWithContext<RouterContext>()({ component: Outlet, notFoundComponent: NotFoundPage });

const landingRoute = createRoute({ getParentRoute: () => rootRoute, path: "/", component: LandingPage });

/** A customer's link. Whose it is was remembered when the page was opened (main.tsx). */
const referralRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/r/$code",
  beforeLoad: () => redirect({ to: "/", replace: true, throw: true }),
});

/** Only our own paths: `//host` and `/\host` would leave the origin. */
const ownPath = z.string().regex(/^\/(dashboard|admin)(\/[\w/-]*)?$/);

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: (search): { next?: string } => {
    const next = ownPath.safeParse(search["next"]);
    return next.success ? { next: next.data } : {};
  },
  component: lazyRouteComponent(() => import("./features/identity/SignInPage.tsx"), "SignInPage"),
});

const signUpRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-up",
  component: lazyRouteComponent(() => import("./features/identity/SignInPage.tsx"), "SignUpPage"),
});

const dashboardRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/dashboard",
  // What the pages need to know before they show: who is here, and is there an agent?
  loader: async ({ context: { api, cache }, location }) => {
    try {
      await Promise.all([cache.ensureQueryData(meQuery(api)), cache.ensureQueryData(agentsQuery(api))]);
    } catch (error) {
      if (isAppError(error, "not_signed_in") || isAppError(error, "session_expired")) {
        redirect({ to: "/sign-in", search: { next: location.pathname }, throw: true });
      }
      throw error;
    }
  },
  staleTime: Infinity,
  errorComponent: RouteTrouble,
  component: lazyRouteComponent(() => import("./layouts/DashboardRoot.tsx"), "DashboardRoot"),
});

const shellRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  id: "shell",
  component: lazyRouteComponent(() => import("./layouts/AppShell.tsx"), "AppShell"),
});

const chatRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  validateSearch: (search): { live?: true } => (search["live"] === true ? { live: true } : {}),
  component: lazyRouteComponent(() => import("./features/chat/ChatPage.tsx"), "ChatPage"),
});

const agentRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/agent",
  component: lazyRouteComponent(() => import("./features/status/StatusPage.tsx"), "StatusPage"),
});

const usageRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/usage",
  component: lazyRouteComponent(() => import("./features/usage/UsagePage.tsx"), "UsagePage"),
});

const appsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/apps",
  component: lazyRouteComponent(() => import("./features/apps/AppsPage.tsx"), "AppsPage"),
});

const billingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/billing",
  component: lazyRouteComponent(() => import("./features/billing/BillingPage.tsx"), "BillingPage"),
});

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/settings",
  component: lazyRouteComponent(() => import("./features/settings/SettingsPage.tsx"), "SettingsPage"),
});

const onboardingRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/onboarding",
  component: lazyRouteComponent(() => import("./features/onboarding/OnboardingPage.tsx"), "OnboardingPage"),
});

/** For operators: to everybody else there is nothing here, as the api says too. */
const adminRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/admin",
  loader: async ({ context: { api, cache }, location }) => {
    try {
      const { role } = await cache.ensureQueryData(meQuery(api));
      if (role !== "operator") notFound({ throw: true });
    } catch (error) {
      if (isAppError(error, "not_signed_in") || isAppError(error, "session_expired")) {
        redirect({ to: "/sign-in", search: { next: location.pathname }, throw: true });
      }
      throw error;
    }
  },
  staleTime: Infinity,
  errorComponent: RouteTrouble,
  notFoundComponent: NotFoundPage,
  component: lazyRouteComponent(() => import("./features/admin/AdminLayout.tsx"), "AdminLayout"),
});

const adminSearchRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/",
  validateSearch: (search): { q?: string } => (typeof search["q"] === "string" ? { q: search["q"].slice(0, 100) } : {}),
  component: lazyRouteComponent(() => import("./features/admin/SearchPage.tsx"), "SearchPage"),
});

const adminCustomerRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/customers/$userId",
  component: lazyRouteComponent(() => import("./features/admin/CustomerPage.tsx"), "CustomerPage"),
});

const adminCellsRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/cells",
  component: lazyRouteComponent(() => import("./features/admin/CellsPage.tsx"), "CellsPage"),
});

const adminNodeRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/nodes/$nodeId",
  component: lazyRouteComponent(() => import("./features/admin/NodePage.tsx"), "NodePage"),
});

const adminWavesRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/waves",
  component: lazyRouteComponent(() => import("./features/admin/WavesPage.tsx"), "WavesPage"),
});

const adminWaveRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/waves/$waveId",
  component: lazyRouteComponent(() => import("./features/admin/WavePage.tsx"), "WavePage"),
});

const adminSweepsRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/sweeps",
  component: lazyRouteComponent(() => import("./features/admin/SweepsPage.tsx"), "SweepsPage"),
});

const adminWaitlistRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/waitlist",
  component: lazyRouteComponent(() => import("./features/admin/WaitlistPage.tsx"), "WaitlistPage"),
});

const adminMailsRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/mails",
  component: lazyRouteComponent(() => import("./features/admin/MailsPage.tsx"), "MailsPage"),
});

const plansRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/plans",
  component: lazyRouteComponent(() => import("./features/plans/PlansPage.tsx"), "PlansPage"),
});

const checkoutReturnRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/plans/return",
  validateSearch: (search): { checkout?: string } => {
    const { success, data } = checkoutParams.shape.checkoutId.safeParse(search["checkout"]);
    return success ? { checkout: data } : {};
  },
  component: lazyRouteComponent(() => import("./features/plans/CheckoutReturnPage.tsx"), "CheckoutReturnPage"),
});

const routeTree = rootRoute.addChildren([
  landingRoute,
  referralRoute,
  signInRoute,
  signUpRoute,
  dashboardRoute.addChildren([
    shellRoute.addChildren([chatRoute, agentRoute, appsRoute, usageRoute, billingRoute, settingsRoute]),
    onboardingRoute,
    plansRoute,
    checkoutReturnRoute,
  ]),
  adminRoute.addChildren([
    adminSearchRoute,
    adminCustomerRoute,
    adminCellsRoute,
    adminNodeRoute,
    adminWavesRoute,
    adminWaveRoute,
    adminSweepsRoute,
    adminWaitlistRoute,
    adminMailsRoute,
  ]),
]);

/** Without a history of its own it follows the browser's address. */
export function makeRouter(context: RouterContext, history?: RouterHistory) {
  return createRouter({
    routeTree,
    context,
    defaultPreload: "intent",
    scrollRestoration: true,
    ...(history === undefined ? {} : { history }),
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
