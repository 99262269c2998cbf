//! Says a port once, and with it how one implementation of it stands around another.
//!
//! A log is wrapped twice here (its words, its newest part) and more often in tests; each wrapper is about a few methods
//! and passes on the rest. Written out by hand, a method that a wrapper forgot to pass on was answered by the port's
//! default, and nobody noticed. So from one list of methods come the port, a trait for wrappers in which every method is
//! passed on unless it is written, and the port for every such wrapper. Never in here: what the methods promise.

macro_rules! port_with_wrapper {
    (
        $(#[$port_doc:meta])*
        pub trait $port:ident;
        $(#[$wrapper_doc:meta])*
        pub trait $wrapper:ident;
        at once { $(
            $(#[$o_doc:meta])*
            fn $o:ident(&$o_self:ident $(, $o_arg:ident: $o_type:ty)*) $(-> $o_return:ty)?;
        )* }
        at once, otherwise { $(
            $(#[$od_doc:meta])*
            fn $od:ident(&$od_self:ident $(, $od_arg:ident: $od_type:ty)*) -> $od_return:ty = $od_default:block;
        )* }
        asked { $(
            $(#[$a_doc:meta])*
            async fn $a:ident(&$a_self:ident $(, $a_arg:ident: $a_type:ty)*) $(-> $a_return:ty)?;
        )* }
        asked, otherwise { $(
            $(#[$ad_doc:meta])*
            async fn $ad:ident(&$ad_self:ident $(, $ad_arg:ident: $ad_type:ty)*) -> $ad_return:ty = $ad_default:block;
        )* }
    ) => {
        $(#[$port_doc])*
        #[async_trait]
        pub trait $port: Send + Sync + 'static {
            $($(#[$o_doc])* fn $o(&$o_self $(, $o_arg: $o_type)*) $(-> $o_return)?;)*
            $($(#[$od_doc])* fn $od(&$od_self $(, $od_arg: $od_type)*) -> $od_return $od_default)*
            $($(#[$a_doc])* async fn $a(&$a_self $(, $a_arg: $a_type)*) $(-> $a_return)?;)*
            $($(#[$ad_doc])* async fn $ad(&$ad_self $(, $ad_arg: $ad_type)*) -> $ad_return $ad_default)*
        }

        $(#[$wrapper_doc])*
        #[async_trait]
        pub trait $wrapper: Send + Sync + 'static {
            /// What everything that is not written is passed on to.
            fn wrapped(&self) -> &dyn $port;

            $(fn $o(&$o_self $(, $o_arg: $o_type)*) $(-> $o_return)? { $o_self.wrapped().$o($($o_arg),*) })*
            $(fn $od(&$od_self $(, $od_arg: $od_type)*) -> $od_return { $od_self.wrapped().$od($($od_arg),*) })*
            $(async fn $a(&$a_self $(, $a_arg: $a_type)*) $(-> $a_return)? { $a_self.wrapped().$a($($a_arg),*).await })*
            $(async fn $ad(&$ad_self $(, $ad_arg: $ad_type)*) -> $ad_return {
                $ad_self.wrapped().$ad($($ad_arg),*).await
            })*
        }

        #[async_trait]
        impl<W: $wrapper> $port for W {
            $(fn $o(&$o_self $(, $o_arg: $o_type)*) $(-> $o_return)? { $wrapper::$o($o_self $(, $o_arg)*) })*
            $(fn $od(&$od_self $(, $od_arg: $od_type)*) -> $od_return { $wrapper::$od($od_self $(, $od_arg)*) })*
            $(async fn $a(&$a_self $(, $a_arg: $a_type)*) $(-> $a_return)? {
                $wrapper::$a($a_self $(, $a_arg)*).await
            })*
            $(async fn $ad(&$ad_self $(, $ad_arg: $ad_type)*) -> $ad_return {
                $wrapper::$ad($ad_self $(, $ad_arg)*).await
            })*
        }
    };
}
pub(crate) use port_with_wrapper;
